/// The platform's answers about the app, before anything is captured.
struct Survey: Sendable {
    let cf: CF
    let app: App
    let processes: ProcessSelection
    let instances: [Instance]

    /// The app and its place: `app demo, space dev, org acme, https://api.example.com`.
    var origin: String {
        "app \(app.name), space \(cf.target.space), org \(cf.target.organization), \(cf.target.api)"
    }

    /// Asks the platform, through the process of cf that started this program, if one did. Throws if nothing can be
    /// captured, with the remedy.
    static func make(_ options: CaptureOptions, startedBy parent: Int32?) async throws -> Survey {
        let cf = try await CF.open(startedBy: parent)
        do {
            let app = try await cf.app(named: options.app)
            try await cf.requireStarted(app)
            try await cf.requireSSH(to: app)
            let processes = try await cf.processes(options.processes, of: app)
            let instances = try await cf.instances(of: processes)
            return Survey(cf: cf, app: app, processes: processes, instances: instances)
        } catch {
            await cf.close()
            throw error
        }
    }

    /// Asks again: a deployment may have replaced the processes.
    func currentInstances(_ options: CaptureOptions) async throws -> [Instance] {
        try await cf.instances(of: cf.processes(options.processes, of: app, mayBeEmpty: true))
    }
}
