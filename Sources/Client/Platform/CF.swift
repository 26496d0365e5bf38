internal import Subprocess

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The platform, through the cf CLI of the person who is logged in.
public actor CF {
    /// Where cf looks for apps.
    public nonisolated let target: Target

    private nonisolated let command: CFCommand
    private nonisolated let home: PrivateHome
    /// The last question: the next one waits for it, since one configuration serves them all.
    private var last: Task<CFCommand.Result, any Error>?
    private var isClosed = false

    private init(command: CFCommand, home: PrivateHome, target: Target) {
        self.command = command
        self.home = home
        self.target = target
    }

    /// Finds cf and copies its configuration. `close` removes the copy.
    ///
    /// The tokens are renewed first: where the platform gives a new refresh token at each renewal, a copy of an older one
    /// is refused.
    public static func open(environment: [String: String]? = nil) async throws(PlatformError) -> CF {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let command = try CFCommand.find(in: environment)
        try await refreshTokens(command)
        guard let home = [environment["CF_HOME"], environment["HOME"]].compactMap({ $0 }).first(where: { !$0.isEmpty })
        else { throw PlatformError("neither CF_HOME nor HOME is set: cf's configuration cannot be found") }
        let temporary = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        let copies = try PrivateHome(copying: home, in: temporary)
        do throws(PlatformError) {
            return CF(command: command, home: copies, target: try Target(configuration: copies.readConfiguration()))
        } catch {
            copies.remove()
            throw error
        }
    }

    /// Stops what cf is being asked, and removes the copies of its configuration. Nothing can be asked any more.
    public func close() async {
        isClosed = true
        last?.cancel()
        _ = await last?.result
        home.remove()
    }

    // MARK: Questions

    /// The app of this name in the space that cf targets.
    public func app(named name: String) async throws(PlatformError) -> App {
        let result = try await ask(["app", name, "--guid"])
        guard result.status.isSuccess else {
            let complaint = result.complaint(of: "cf app")
            guard complaint.contains("App '\(name)' not found") else { throw PlatformError(complaint) }
            throw PlatformError(
                "App '\(name)' not found in \(target). 'cf apps' lists those there are, 'cf target -s SPACE' goes elsewhere"
            )
        }
        let lines = String(decoding: result.output, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let guid = lines.last, API.isIdentifier(String(guid)) else {
            throw PlatformError("'cf app \(name) --guid' did not print an identifier")
        }
        return App(name: name, guid: String(guid))
    }

    /// Throws where the app does not run, with what to do.
    public func requireStarted(_ app: App) async throws(PlatformError) {
        let answer: API.Application = try await get("/v3/apps/\(app.guid)")
        guard answer.state == "STARTED" else {
            throw PlatformError(
                "App '\(app.name)' is \(answer.state.inOneLine(limit: 40).lowercased()): 'cf start \(app.name)'")
        }
    }

    /// Throws where the platform says that SSH to the app is switched off, with what to do. Where it does not say, a
    /// session tells.
    public func requireSSH(to app: App) async throws(PlatformError) {
        let answer: API.SSHEnabled
        do throws(PlatformError) {
            answer = try await get("/v3/apps/\(app.guid)/ssh_enabled")
        } catch {
            return
        }
        guard !answer.enabled else { return }
        throw PlatformError(SSHRefusal(reason: answer.reason ?? "", app: app.name, space: target.space).description)
    }

    /// The processes to capture, one of each type.
    public func processes(_ wanted: CaptureOptions.Processes, of app: App) async throws(PlatformError)
        -> ProcessSelection
    {
        let answer: API.List<API.Process> = try await get("/v3/apps/\(app.guid)/processes?per_page=5000")
        guard answer.resources.allSatisfy({ API.isIdentifier($0.guid) }) else {
            throw PlatformError("the platform named a process of '\(app.name)' by what is no identifier")
        }
        return try ProcessSelection(wanted, from: answer.resources, of: app)
    }

    /// The instances of those processes, running or not, in the order of their names. A deployment replaces processes:
    /// who asks again asks for the processes again.
    public func instances(of selection: ProcessSelection) async throws(PlatformError) -> [Instance] {
        var instances: [Instance] = []
        for process in selection.processes {
            let answer: API.List<API.Stats> = try await get("/v3/processes/\(process.guid)/stats")
            instances += answer.resources.map { $0.instance(of: process) }
        }
        guard instances.allSatisfy({ (0..<1_000_000).contains($0.id.index) }) else {
            throw PlatformError("the platform named an instance by what is no index")
        }
        return instances.sorted { $0.id < $1.id }
    }

    private func get<Answer: Decodable>(_ path: String) async throws(PlatformError) -> Answer {
        let result = try await ask(["curl", path])
        guard result.status.isSuccess else { throw PlatformError(result.complaint(of: "cf curl")) }
        return try API.decode(result.output, from: path)
    }

    private func ask(_ arguments: [String]) async throws(PlatformError) -> CFCommand.Result {
        if isClosed { throw PlatformError("cf was stopped") }
        let task = Task { [last] in
            _ = await last?.result
            let result = try await command.run(arguments, home: home.shared)
            guard !result.status.isSuccess, result.isLoggedOut else { return result }
            try await renewTokens()
            return try await command.run(arguments, home: home.shared)
        }
        last = task
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            throw error as? PlatformError ?? PlatformError("failed to run cf: \(error)")
        }
    }

    // MARK: Tokens

    /// Has cf make the person's own tokens new. Of two runs that begin at once, one may find its refresh token used up
    /// by the other, which then has left a new one.
    private static func refreshTokens(_ command: CFCommand) async throws(PlatformError) {
        for attempt in 1...3 {
            let result = try await command.runToItsEnd(["oauth-token"])
            if result.status.isSuccess { return }
            guard result.isLoggedOut, attempt < 3 else { throw PlatformError(result.complaint(of: "cf oauth-token")) }
            try? await Task.sleep(for: .milliseconds(300))
        }
    }

    /// Takes over the person's own tokens, for when those of the copy have been replaced by other runs of cf since. Where
    /// cf looks for apps stays.
    private nonisolated func renewTokens() async throws(PlatformError) {
        try await Self.refreshTokens(command)
        try home.renew()
        let current = try Target(configuration: home.readConfiguration())
        guard current.api == target.api else {
            throw PlatformError("cf is logged in to \(current.api) now, and no longer to \(target.api): 'cf login'")
        }
        guard current != target else { return }
        let arguments = ["target", "-o", target.organization, "-s", target.space]
        let result = try await command.run(arguments, home: home.shared)
        guard result.status.isSuccess else { throw PlatformError(result.complaint(of: "cf target")) }
    }

    // MARK: Sessions

    /// A session that captures in an instance: the process of cf to start, whose standard input stays open until the
    /// agent is to end. `discard` takes its home once it has ended.
    nonisolated func session(
        to instance: InstanceID, of app: App, _ options: CaptureOptions
    ) throws(PlatformError) -> (configuration: Configuration, home: String) {
        let home = try home.makeCopy()
        let arguments = Self.sessionArguments(to: instance, of: app, options)
        return (command.configuration(arguments, home: home), home)
    }

    /// Removes the home of a session that has ended.
    nonisolated func discard(_ sessionHome: String) {
        home.discard(sessionHome)
    }

    static func sessionArguments(to instance: InstanceID, of app: App, _ options: CaptureOptions) -> [String] {
        let command = RemoteCommand(interface: options.interface, filter: options.filter, snaplen: options.snaplen)
        let validation = options.skipHostValidation ? ["--skip-host-validation"] : []
        return ["ssh", app.name, "-i", "\(instance.index)", "--process", instance.process] + validation
            + ["-c", command.text]
    }
}

extension API.Stats {
    fileprivate func instance(of process: API.Process) -> Instance {
        Instance(
            id: InstanceID(process: process.type, index: index), state: Instance.State(state),
            guid: instanceGUID ?? "", host: host ?? "", details: details ?? "")
    }
}

extension CFCommand.Result {
    /// Whether cf has no token that the platform takes.
    fileprivate var isLoggedOut: Bool { CFMessages.isLoggedOut(String(decoding: errors, as: UTF8.self)) }

    /// Why a command of cf failed, in cf's words: they name the remedy, as in "Not logged in. Use 'cf login' …".
    func complaint(of command: String) -> String {
        let text = String(decoding: errors, as: UTF8.self).inOneLine(limit: 500)
        return text.isEmpty ? "'\(command)' failed: \(status)" : "\(command): \(text)"
    }
}
