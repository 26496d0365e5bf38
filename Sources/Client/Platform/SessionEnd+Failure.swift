extension SessionEnd {
    /// Returns the reason of the end, for a session that was not asked to end.
    func failure(of request: SessionRequest) -> SessionFailure {
        failure(ofAgent: request) ?? failureOfPlatform(app: request.app) ?? failure(ofRoute: request)
            ?? failureOfShell ?? failureOfConnection ?? unexplained
    }

    /// The agent's own words.
    private func failure(ofAgent request: SessionRequest) -> SessionFailure? {
        guard let error = agentError?.inOneLine(limit: 500) else { return nil }
        func mentions(_ phrases: String...) -> Bool { phrases.contains { error.contains($0) } }
        // It names the other captures' command lines, which may hold anything.
        if mentions("captures run in this container") { return SessionFailure(.noRoom, error) }
        if mentions("CAP_NET_RAW is missing") { return SessionFailure(.noCapability, error) }
        if mentions("permission to capture", "Operation not permitted", "CAP_NET_RAW") {
            return SessionFailure(.noCapability, "the agent may not capture (\(error))", remedy: Self.enable)
        }
        if mentions("filter") {
            return SessionFailure(.badFilter, error, remedy: request.remedy(forRefusedFilter: error))
        }
        if mentions("no such interface", "No such device", "interface is gone", "failed to open device") {
            return SessionFailure(.badInterface, error, remedy: "--interface takes eth0, lo or any")
        }
        return SessionFailure(.agentFailed, error)
    }

    /// The words of cf from before a session. A container could say them, too, but only once there is a session.
    private func failureOfPlatform(app: String) -> SessionFailure? {
        guard !hasAgentSpoken else { return nil }
        let lists = "'cf app \(app)' lists them"
        if says("is not in the STARTED state") {
            return SessionFailure(.appStopped, "the app is stopped", remedy: "'cf start \(app)'")
        }
        if says("App '\(app)' not found") {
            return SessionFailure(
                .noSuchApp, "app '\(app)' is no longer there", remedy: "'cf apps' lists those there are")
        }
        if says("Instance "), says("not found") {
            return SessionFailure(.noSuchInstance, "there is no such instance", remedy: lists)
        }
        if says("Process "), says("not found") {
            return SessionFailure(.noSuchInstance, "there is no such process", remedy: lists)
        }
        if says("Instance "), says("not running") {
            return SessionFailure(.notRunning, "the instance does not run", remedy: "'cf app \(app)' tells its state")
        }
        if CFMessages.isLoggedOut(errors) {
            return SessionFailure(
                .loggedOut, "cf is no longer logged in", remedy: "'cf login', or 'cf auth' for client credentials")
        }
        if says("You are not authorized") {
            return SessionFailure(
                .refused, "the SSH proxy refuses the session, though SSH is enabled ('cf ssh-enabled \(app)')",
                remedy: "a failure of the platform that may pass, or you lack the role of a space developer")
        }
        return nil
    }

    /// The words of cf about the way to the instance.
    private func failure(ofRoute request: SessionRequest) -> SessionFailure? {
        guard !hasAgentSpoken else { return nil }
        if says("Host key verification failed", "Unable to verify identity of host") {
            return SessionFailure(
                .hostKey, "the SSH host key is not the one that the platform names",
                remedy: "somebody may be in between; the platform's operator knows whether the key has changed")
        }
        if says("SSH session allocation failed") {
            return SessionFailure(
                .noDaemon, "the instance takes no SSH session (\(errors.inOneLine(limit: 200)))",
                remedy: """
                    its container may have no SSH port or daemon, as when it was started while SSH was disabled: \
                    'cf restart \(request.app)'
                    """)
        }
        if says("Request error") {
            return SessionFailure(
                .unreachable, "the platform's API cannot be reached (\(errors.inOneLine(limit: 300)))")
        }
        if says("dial tcp", "proxyconnect", "socks connect") {
            return SessionFailure(
                .unreachable, "the SSH port cannot be reached (\(errors.inOneLine(limit: 200)))",
                remedy: request.route.remedy)
        }
        if says("Error opening SSH connection", "ssh: handshake failed") {
            return SessionFailure(
                .unreachable, "no SSH session (\(errors.inOneLine(limit: 300)))",
                remedy: "'\(request.command)' must work from this machine")
        }
        return nil
    }

    private func says(_ phrases: String...) -> Bool { phrases.contains { errors.contains($0) } }

    /// The shell's words in the agent's place (POSIX, Shell Command Language, 2.8.2: 126 and 127).
    private var failureOfShell: SessionFailure? {
        guard !hasCaptured else { return nil }
        switch status {
        case .exited(127):
            return SessionFailure(
                .noAgent, "there is no agent at \(RemoteCommand.agent) in the instance",
                remedy: "\(Self.enable), and apps get it with their next start ('cf restart')")
        case .exited(126) where errors.contains("Operation not permitted"):
            return SessionFailure(
                .noCapability, "the kernel does not start the agent, since the container may not have CAP_NET_RAW",
                remedy: "only the platform's operator can change that")
        case .exited(126):
            return SessionFailure(
                .agentNotExecutable, "the agent cannot be executed (\(errors.inOneLine(limit: 200)))",
                remedy: "tell the platform's operator")
        default:
            return nil
        }
    }

    /// The end of the connection, or of the agent behind it.
    private var failureOfConnection: SessionFailure? {
        if errors.contains("without exit status") {
            return SessionFailure(.cut, "the session was cut")
        }
        if output.contains("Process terminated by signal: ") || status == .exited(137) || status == .exited(143) {
            return SessionFailure(
                .agentKilled, "the agent was killed, as when the instance stops or has used up its memory")
        }
        if !hasAgentSpoken, output.contains("FAILED"), errors.contains("EOF") {
            return SessionFailure(.hiccup, "cf lost the connection at once")
        }
        return nil
    }

    private var unexplained: SessionFailure {
        let text = (errors.isEmpty ? output : errors).inOneLine(limit: 300)
        let said = text.isEmpty ? "" : ": \(text)"
        return switch status {
        case .signaled(let signal): SessionFailure(.cut, "cf was killed by signal \(signal)\(said)")
        case .exited(0): SessionFailure(.endedEarly, "the agent ended before it was asked to\(said)")
        case .exited(let status): SessionFailure(.unknown, "the session ended with status \(status)\(said)")
        }
    }

    private static let enable = "the platform's operator enables it (diego.rep.enable_cf_pcap)"
}
