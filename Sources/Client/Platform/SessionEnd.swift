/// How a session ended, as far as it can be seen from here.
public struct SessionEnd: Sendable, Equatable {
    /// How the process of cf ended.
    public enum Status: Sendable, Equatable {
        /// By itself, with this status.
        case exited(Int)
        /// By the signal of this number.
        case signaled(Int)
    }

    /// How the process of cf ended; its exit status is the remote command's, where that ran.
    public var status: Status
    /// What stood on standard output and is no packet.
    public var output: String
    /// What stood on standard error and is no line of the agent's log.
    public var errors: String
    /// The agent's last ERROR line: its message and, behind a colon, its `error` attribute.
    public var agentError: String?
    /// Whether the agent's header came, so that the capture had begun.
    public var hasCaptured: Bool

    /// The end of a session.
    public init(
        status: Status, output: String = "", errors: String = "", agentError: String? = nil, hasCaptured: Bool = false
    ) {
        self.status = status
        self.output = output
        self.errors = errors
        self.agentError = agentError
        self.hasCaptured = hasCaptured
    }
}
