/// The state of a running session: a value without locks and tasks. ``SessionProgress`` shares it among the session's tasks.
///
/// The time-outs stand in `SessionState+Silence.swift`; the end, and what was lost by then, in `SessionState+Outcome.swift`.
struct SessionState {
    /// A reason to kill the process of a session.
    enum KillReason {
        /// The session gave no sign of life while it captured, or never began to.
        case silent(SessionFailure)
        /// The session was asked to stop, and no byte has come for the time ``Timeouts/stall``, or ``Timeouts/unbegun``.
        case stalled
        /// The run kills what still drains: a person asked again, or the deadline ``Timeouts/drain`` is over.
        case endOfDrain
    }

    /// The lines on standard error.
    var log = SessionLog()
    /// The stream on standard output, once it has ended.
    var pcap = PcapStream()
    /// The moment at which the session was opened.
    let created = ContinuousClock.now
    /// The moment at which something was heard of the session last.
    var lastActivity = ContinuousClock.now
    /// The moment at which silence was checked last.
    var lastCheck = ContinuousClock.now
    /// The time at which the agent's header came, in nanoseconds since 1970; nil before that.
    var start: UInt64?
    /// The time at which the stream of packets ended, in nanoseconds since 1970; nil before that.
    var end: UInt64?
    /// The packets that came.
    var packets: UInt64 = 0
    /// The bytes of packets that came after the stop.
    var bytesAfterStop = 0
    /// Whether the client reads nothing because the output accepts nothing.
    var isHeldBack = false
    /// Whether the agent was asked to stop.
    var isStopping = false
    /// Whether what still comes is wanted.
    var isWanted = true
    /// The first reason for which the session was killed; nil if it was not.
    var killReason: KillReason?

    /// Whether the agent's header has come.
    var hasBegun: Bool { start != nil }
}
