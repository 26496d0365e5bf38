extension CF {
    /// Returns the names of the apps in the targeted space, in alphabetical order.
    func appNames() async throws(PlatformError) -> [String] {
        try await applications().map(\.name)
    }

    /// Returns the apps of the targeted space, in alphabetical order. A question about one of them that stays without an
    /// answer leaves a gap in what is known of it. Throws if there is no space, or no list of its apps.
    func apps() async throws(PlatformError) -> [SpaceApp] {
        let applications = try await applications()
        let processes: API.List<API.SpaceProcess> = try await get(
            "/v3/processes?space_guids=\(target.spaceGUID)&per_page=5000")
        let byApp = Dictionary(grouping: processes.resources) { $0.relationships.app.data?.guid ?? "" }
        return await sideBySide(applications) { application in
            await self.describe(application, byApp[application.guid] ?? [])
        }
    }

    private func applications() async throws(PlatformError) -> [API.SpaceApplication] {
        guard API.isIdentifier(target.spaceGUID) else {
            throw PlatformError("no space is targeted: 'cf target -o ORG -s SPACE'")
        }
        let answer: API.List<API.SpaceApplication> = try await get(
            "/v3/apps?space_guids=\(target.spaceGUID)&order_by=name&per_page=5000")
        guard answer.resources.allSatisfy({ API.isIdentifier($0.guid) }) else {
            throw PlatformError("the platform named an app by what is no identifier")
        }
        return answer.resources
    }

    private func describe(_ application: API.SpaceApplication, _ processes: [API.SpaceProcess]) async -> SpaceApp {
        let app = App(name: application.name, guid: application.guid)
        let isStarted = application.state == "STARTED"
        var problems: [String] = []
        let ssh: SpaceApp.SSH
        do throws(PlatformError) {
            ssh = try await sshRefusal(of: app).map(SpaceApp.SSH.disabled) ?? .allowed
        } catch {
            ssh = .unknown
            problems.append("\(error)")
        }
        var described: [SpaceApp.Process] = []
        for process in processes.sorted(by: { $0.type < $1.type }) {
            var running: Int?
            do throws(PlatformError) {
                running = isStarted && process.instances > 0 ? try await self.running(process) : 0
            } catch {
                problems.append("\(error)")
            }
            described.append(SpaceApp.Process(type: process.type, instances: process.instances, running: running))
        }
        return SpaceApp(
            name: app.name, guid: app.guid, isStarted: isStarted, ssh: ssh, processes: described, problems: problems)
    }

    /// Returns the number of a process's instances that run.
    private func running(_ process: API.SpaceProcess) async throws(PlatformError) -> Int {
        guard API.isIdentifier(process.guid) else {
            throw PlatformError("the platform named a process by what is no identifier")
        }
        let answer: API.List<API.Stats> = try await get("/v3/processes/\(process.guid)/stats")
        return answer.resources.count { $0.state == "RUNNING" }
    }

    /// Runs a shell command in an instance, and returns the end of its session and its output. Both are limited: 1 MB.
    nonisolated func execute(
        _ command: String, in instance: InstanceID, of app: App, _ options: CaptureOptions
    ) async throws(PlatformError) -> SessionOutput {
        let arguments = Self.sessionArguments(to: instance, of: app, options, command)
        let result = try await run(arguments, await login.configuration())
        return SessionOutput(result)
    }

    /// Answers for each element, eight at a time, in the elements' order.
    nonisolated func sideBySide<Element: Sendable, Answer: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async -> Answer
    ) async -> [Answer] {
        await withTaskGroup(of: (Int, Answer).self) { group in
            var answers: [Int: Answer] = [:]
            for (index, element) in elements.enumerated() {
                if index >= Self.questionsAtOnce, let (earlier, answer) = await group.next() {
                    answers[earlier] = answer
                }
                group.addTask { (index, await body(element)) }
            }
            for await (index, answer) in group { answers[index] = answer }
            return elements.indices.compactMap { answers[$0] }
        }
    }
}
