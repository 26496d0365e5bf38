internal import Subprocess

extension CF {
    /// Prepares a session that captures in an instance: the process of cf to start, whose standard input stays open until
    /// the agent is to end, the home to `discard` when that has ended, and the app's present name.
    nonisolated func session(
        to point: CapturePoint, of app: App, _ options: CaptureOptions
    ) async throws(SessionFailure) -> (configuration: Configuration, home: String, appName: String) {
        do throws(PlatformError) {
            let name = await presentName(of: app)
            let home = try home.makeCopy(of: await login.configuration())
            let remote = RemoteCommand(
                interface: point.interface, filter: options.captureFilter,
                snaplen: options.snaplen ?? CaptureOptions.defaultSnaplen)
            let arguments = Self.sessionArguments(
                to: point.instance, of: App(name: name, guid: app.guid), options, remote.text)
            return (command.configuration(arguments, home: home), home, name)
        } catch {
            throw SessionFailure(error.kind == .loggedOut ? .loggedOut : .unknown, error.description)
        }
    }

    /// Removes the home of a session that has ended.
    nonisolated func discard(_ sessionHome: String) {
        home.discard(sessionHome)
    }

    /// The arguments of cf for a session that runs a command.
    static func sessionArguments(
        to instance: InstanceID, of app: App, _ options: CaptureOptions, _ command: String
    ) -> [String] {
        let validation = options.skipHostValidation ? ["--skip-host-validation"] : []
        return ["ssh", app.name, "-i", "\(instance.index)", "--process", instance.process] + validation + [
            "-c", command,
        ]
    }
}
