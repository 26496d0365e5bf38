/// The state and the counts of one capture point.
struct InstanceStatus: Sendable {
    /// A state of a capture.
    enum State: Sendable {
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
    let point: CapturePoint
    /// The state of its capture.
    var state: State = .starting {
        didSet { if case .capturing = state { hasBegun = true } }
    }
    /// Whether a capture has begun there at any time.
    private(set) var hasBegun = false
    /// Packets that have come so far.
    var packets = 0
    /// Their captured bytes.
    var bytes = 0
    /// Bytes a second, over the last seconds.
    var rate = 0.0
    /// Packets that matched but were lost, as the agent counts them; nil before it has said.
    var dropped: Int?
    /// Whether ``dropped`` is the least, because a session ended without its agent's last counts.
    var isDroppedLeast = false
    /// Packets of which only the beginning was kept, as the agent counts them.
    var truncated = 0

    /// The status of a capture point whose session is about to be opened.
    init(_ point: CapturePoint) {
        self.point = point
    }
}
