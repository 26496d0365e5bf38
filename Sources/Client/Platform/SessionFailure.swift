/// The reason why an instance is not captured, or no longer, and the remedy.
struct SessionFailure: Error, Sendable, Equatable {
    /// The kind of failure.
    enum Kind: Sendable, Equatable {
        /// The instance, or the whole app, does not run.
        case notRunning, noSuchInstance, appStopped, noSuchApp
        /// There are too many for this client, or captures in the instance already.
        case noRoom
        /// The platform does not let this person in: for now, as far as is known.
        case loggedOut, refused
        /// The platform says itself that nobody, or not this person, may use SSH to the app.
        case sshDisabled, notAllowed
        /// There is no way to the instance.
        case hostKey, unreachable, neverBegan, noDaemon
        /// The agent cannot run, or not as asked.
        case noAgent, agentNotExecutable, noCapability, badFilter, badInterface, agentFailed
        /// The session, or the agent in it, ended without having been asked to.
        case cut, agentKilled, endedEarly, hiccup, unknown
    }

    /// The chance that another session to the same instance fares better.
    enum Recovery: Sendable {
        /// Immediately and once, then like `rejoin`.
        case retry
        /// When the platform says that the instance runs, after a pause that grows.
        case rejoin
        /// Like `rejoin` at a point that was captured before, since a person who has taken that away may give it back;
        /// like `none` at any other.
        case rejoinIfCaptured
        /// Only for a new instance at this index, or with another command line.
        case none
    }

    /// The kind of failure.
    let kind: Kind
    /// The failure and its cause.
    let reason: String
    /// The remedy; nil if there is none, or the reason names it.
    let remedy: String?

    init(_ kind: Kind, _ reason: String, remedy: String? = nil) {
        self.kind = kind
        self.reason = reason
        self.remedy = remedy
    }

    /// Whether to try again. What the platform or the container says to be so is so; any other failure may pass.
    var recovery: Recovery {
        switch kind {
        case .hiccup, .refused: .retry
        case .notRunning, .noSuchInstance, .appStopped, .noRoom, .loggedOut, .unreachable, .neverBegan, .noDaemon, .cut,
            .agentKilled, .endedEarly, .unknown:
            .rejoin
        case .noSuchApp, .sshDisabled, .notAllowed: .rejoinIfCaptured
        case .hostKey, .noAgent, .agentNotExecutable, .noCapability,
            .badFilter, .badInterface, .agentFailed:
            .none
        }
    }
}

/// A failure whose kind is `neverBegan`, and its possible causes.
extension SessionFailure {
    /// The failure of a session of which nothing was heard, neither packets nor the agent's log, for a time.
    static func nothingHeard(for time: Duration) -> SessionFailure {
        SessionFailure(.neverBegan, "no capture began within \(time.components.seconds) seconds")
    }

    /// Returns this failure with the SSH port as its probable cause.
    func blaming(_ route: SSHRoute) -> SessionFailure {
        let port = route.endpoint.map { "the SSH port \($0)" } ?? "the platform's SSH port (usually 2222)"
        return SessionFailure(kind, "\(reason), perhaps \(port) does not answer", remedy: route.remedy)
    }

    /// Returns this failure with the instance as its probable cause, because sessions to other instances get through.
    func blaming(_ instance: InstanceID, app: String) -> SessionFailure {
        SessionFailure(
            kind, reason,
            remedy:
                "other instances are reached, so it is this one or its cell: '\(instance.sshCommand(app: app))' shows it"
        )
    }
}

extension SessionFailure: CustomStringConvertible {
    /// The reason and, behind a colon, the remedy.
    var description: String { remedy.map { "\(reason): \($0)" } ?? reason }
}
