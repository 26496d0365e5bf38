/// The state and the counts of one capture point.
public struct InstanceStatus: Sendable {
    /// A state of a capture.
    public enum State: Sendable {
        /// The session is being opened, or the agent has not yet written its header.
        case starting
        /// Packets may come.
        case capturing
        /// The instance does not run; it is joined when it does.
        case waiting
        /// Ended in order.
        case ended
        /// Ended otherwise; the text says why.
        case failed(String)
    }

    /// The capture point.
    public let point: CapturePoint
    /// The state of its capture.
    public var state: State = .starting {
        didSet { if case .capturing = state { hasBegun = true } }
    }
    /// Whether a capture has begun there at any time.
    public private(set) var hasBegun = false
    /// Packets that have come so far.
    public var packets = 0
    /// Their captured bytes.
    public var bytes = 0
    /// Bytes a second, over the last seconds.
    public var rate = 0.0
    /// Packets that matched but were lost, as the agent counts them; nil before it has said.
    public var dropped: Int?
    /// Whether ``dropped`` is the least, because a session ended without its agent's last counts.
    public var isDroppedLeast = false
    /// Packets of which only the beginning was kept, as the agent counts them.
    public var truncated = 0

    /// The status of a capture point whose session is about to be opened.
    public init(_ point: CapturePoint) {
        self.point = point
    }
}
