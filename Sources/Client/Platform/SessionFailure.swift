/// Why an instance is not captured, or no longer, and what to do about it.
public struct SessionFailure: Error, Sendable, Equatable {
    /// What kind of failure.
    public enum Kind: Sendable, Equatable {
        /// The instance, or the whole app, does not run.
        case notRunning, noSuchInstance, appStopped, noSuchApp
        /// There are too many for this client, or captures in the instance already.
        case noRoom
        /// The platform does not let this person in.
        case loggedOut, refused, hostKey, unreachable
        /// The agent cannot run, or not as asked.
        case noAgent, agentNotExecutable, noCapability, badFilter, badInterface, agentFailed
        /// The session, or the agent in it, ended without having been asked to.
        case cut, agentKilled, endedEarly, hiccup, unknown
    }

    /// Whether another session to the same instance may fare better.
    public enum Recovery: Sendable {
        /// Immediately, and once.
        case retry
        /// When the platform says that the instance runs.
        case rejoin
        /// Only for a new instance at this index, or with another command line.
        case none
    }

    /// What kind of failure.
    public let kind: Kind
    /// What happened.
    public let reason: String
    /// What to do; nil where there is nothing, or the reason says it.
    public let remedy: String?

    init(_ kind: Kind, _ reason: String, remedy: String? = nil) {
        self.kind = kind
        self.reason = reason
        self.remedy = remedy
    }

    /// Whether to try again.
    public var recovery: Recovery {
        switch kind {
        case .hiccup: .retry
        case .notRunning, .noSuchInstance, .appStopped, .noRoom, .loggedOut, .unreachable, .cut, .agentKilled,
            .endedEarly,
            .unknown:
            .rejoin
        case .noSuchApp, .refused, .hostKey, .noAgent, .agentNotExecutable, .noCapability, .badFilter,
            .badInterface, .agentFailed:
            .none
        }
    }
}

extension SessionFailure: CustomStringConvertible {
    /// The reason and, behind a colon, the remedy.
    public var description: String { remedy.map { "\(reason): \($0)" } ?? reason }
}
