/// A session's end, as far as this side of it can see.
struct SessionEnd: Sendable, Equatable {
    /// The end of the process of cf.
    enum Status: Sendable, Equatable {
        /// By itself, with this status.
        case exited(Int)
        /// By the signal of this number.
        case signaled(Int)
    }

    /// The end of the process of cf; its exit status is the remote command's, where that ran.
    var status: Status
    /// The text on standard output, beside the packets.
    var output: String
    /// The text on standard error, beside the agent's log.
    var errors: String
    /// The agent's last ERROR line: its message and, behind a colon, its `error` attribute.
    var agentError: String?
    /// Whether the agent's header came, so that the capture had begun.
    var hasCaptured: Bool
    /// Whether anything came that only an agent writes: from then on cf cannot have failed to open the session, and
    /// whatever says so comes from the container.
    var hasAgentSpoken: Bool

    /// Describes the end of a session.
    init(
        status: Status, output: String = "", errors: String = "", agentError: String? = nil, hasCaptured: Bool = false,
        hasAgentSpoken: Bool = false
    ) {
        self.status = status
        self.output = output
        self.errors = errors
        self.agentError = agentError
        self.hasCaptured = hasCaptured
        self.hasAgentSpoken = hasAgentSpoken || hasCaptured || agentError != nil
    }
}
