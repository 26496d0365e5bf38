internal import Subprocess

extension CF {
    /// Finds the app of this name in the space that cf targets.
    func app(named name: String) async throws(PlatformError) -> App {
        let guid = try await persistently { () async throws(PlatformError) in
            let result = try await self.ask(["app", name, "--guid"])
            guard result.status.isSuccess else { throw self.failure(toFind: name, result) }
            let lines = String(decoding: result.output, as: UTF8.self).split(whereSeparator: \.isNewline)
            guard let guid = lines.last, API.isIdentifier(String(guid)) else {
                throw PlatformError("'cf app \(name) --guid' did not print an identifier", .passing)
            }
            return String(guid)
        }
        return App(name: name, guid: guid)
    }

    private nonisolated func failure(toFind name: String, _ result: CFCommand.Result) -> PlatformError {
        let complaint = result.complaint(of: "cf app")
        if complaint.contains("App '\(name)' not found") {
            return PlatformError(
                "App '\(name)' not found in \(target). 'cf apps' lists those there are, 'cf target -s SPACE' goes elsewhere"
            )
        }
        // "No org targeted" and the like do not pass.
        return PlatformError(complaint, complaint.contains("targeted") ? .other : .passing)
    }

    /// Throws if the app does not run, with the remedy.
    func requireStarted(_ app: App) async throws(PlatformError) {
        let answer: API.Application = try await get("/v3/apps/\(app.guid)")
        await appName.set(answer.name)
        guard answer.state == "STARTED" else {
            throw PlatformError(
                "App '\(app.name)' is \(answer.state.inOneLine(limit: 40).lowercased()): 'cf start \(app.name)'")
        }
    }

    /// Throws if the platform says that SSH to the app is disabled, with the remedy. If it does not say, a session tells.
    func requireSSH(to app: App) async throws(PlatformError) {
        if let refusal = try? await sshRefusal(of: app) { throw PlatformError("\(refusal)") }
    }

    /// Returns who has disabled SSH to the app; nil if nobody has.
    func sshRefusal(of app: App) async throws(PlatformError) -> SSHRefusal? {
        let answer: API.SSHEnabled = try await get("/v3/apps/\(app.guid)/ssh_enabled")
        if answer.enabled { return nil }
        return SSHRefusal(reason: answer.reason ?? "", app: app.name, space: target.space)
    }

    /// Returns the address and port of the platform's SSH proxy; nil if the platform does not name it.
    func sshEndpoint() async -> String? {
        let root: API.Root? = try? await get("/")
        return root?.links.appSSH?.href?.inOneLine(limit: 200)
    }

    /// Returns the processes to capture, one of each type. Throws an error of the kind `deleted` if the app is gone, and
    /// unless `mayBeEmpty`, if there are no instances.
    func processes(
        _ wanted: CaptureOptions.Processes, of app: App, mayBeEmpty: Bool = false
    ) async throws(PlatformError) -> ProcessSelection {
        let answer: API.List<API.Process>
        do throws(PlatformError) {
            answer = try await get("/v3/apps/\(app.guid)/processes?per_page=5000")
        } catch {
            throw error.kind == .notFound ? await absence(of: app) ?? error : error
        }
        guard answer.resources.allSatisfy({ API.isIdentifier($0.guid) }) else {
            throw PlatformError("the platform named a process of '\(app.name)' by what is no identifier")
        }
        return try ProcessSelection(wanted, from: answer.resources, of: app, mayBeEmpty: mayBeEmpty)
    }

    /// Asks a second time before it is believed that an app is gone, for that ends a capture.
    private func absence(of app: App) async -> PlatformError? {
        do throws(PlatformError) {
            let _: API.Application = try await get("/v3/apps/\(app.guid)")
            return nil
        } catch {
            guard error.kind == .notFound else { return nil }
            return PlatformError(
                "app '\(app.name)' is no longer there: it was deleted, or you may no longer see it", .deleted)
        }
    }

    /// Returns the instances of those processes, running or not, in the order of their names. Processes without instances
    /// are not asked about. A deployment replaces processes: to ask again, ask for the processes again.
    func instances(of selection: ProcessSelection) async throws(PlatformError) -> [Instance] {
        let processes = selection.processes.filter { $0.instances > 0 }
        var instances: [Instance] = []
        for start in stride(from: 0, to: processes.count, by: Self.questionsAtOnce) {
            let some = processes[start..<min(start + Self.questionsAtOnce, processes.count)]
            instances += try await sideBySide(some) { process async throws(PlatformError) in
                let answer: API.List<API.Stats> = try await self.get("/v3/processes/\(process.guid)/stats")
                return answer.resources.map { $0.instance(of: process) }
            }
        }
        guard instances.count <= Self.mostInstances else {
            throw PlatformError(
                "the platform names \(instances.count) instances, and no more than \(Self.mostInstances) are looked at")
        }
        guard instances.allSatisfy({ (0..<1_000_000).contains($0.id.index) }) else {
            throw PlatformError("the platform named an instance by what is no index")
        }
        return instances.sorted { $0.id < $1.id }
    }

    /// Far above any app, and what is looked at within a second.
    private static let mostInstances = 10_000
    /// Each is a process of cf of 30 MB.
    static let questionsAtOnce = 8

    private func sideBySide(
        _ processes: ArraySlice<API.Process>,
        _ body: @escaping @Sendable (API.Process) async throws(PlatformError) -> [Instance]
    ) async throws(PlatformError) -> [Instance] {
        do {
            return try await withThrowingTaskGroup(of: [Instance].self) { group in
                for process in processes { group.addTask { try await body(process) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        } catch {
            throw error as? PlatformError ?? PlatformError("\(error)")
        }
    }
}

extension API.Stats {
    func instance(of process: API.Process) -> Instance {
        Instance(
            id: InstanceID(process: process.type, index: index), state: Instance.State(state),
            guid: instanceGUID ?? "", host: host ?? "", address: address ?? "",
            details: details ?? "")
    }
}
