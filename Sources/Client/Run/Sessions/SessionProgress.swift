internal import Subprocess
internal import Synchronization

/// The ``SessionState`` of a running session, shared by the tasks that serve it.
final class SessionProgress: Sendable {
    /// The stream of the merge that takes its packets.
    let stream: StreamID
    private let state = Mutex(SessionState())

    init(_ stream: StreamID) {
        self.stream = stream
    }

    /// Whether the agent was asked to stop.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Whether what still comes is wanted.
    var isWanted: Bool { state.withLock { $0.isWanted } }

    /// Whether the agent's header has come.
    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    /// Whether the client reads nothing because the output accepts nothing.
    var isHeldBack: Bool {
        get { state.withLock { $0.isHeldBack } }
        set { state.withLock { $0.isHeldBack = newValue } }
    }

    /// The statistics that a capture file gets.
    var statistics: StreamStatistics { state.withLock { $0.statistics } }

    func withLog<Value: Sendable>(_ body: (inout sending SessionLog) -> sending Value) -> Value {
        state.withLock { body(&$0.log) }
    }

    func withStream<Value: Sendable>(_ body: (inout sending PcapStream) -> sending Value) -> Value {
        state.withLock { body(&$0.pcap) }
    }

    // MARK: Events

    /// Records that the agent's header has come.
    func begin() {
        state.withLock { $0.start = WallClock.now() }
    }

    /// Records that packets, or a part of one, have come.
    func noteActivity(at now: ContinuousClock.Instant) {
        state.withLock { $0.lastActivity = now }
    }

    /// Records that a part of the log has come. After the stop this is no progress: an agent has at most a few lines left
    /// to say, and a container that logs without end would keep the client from its own.
    func noteLogActivity(at now: ContinuousClock.Instant) {
        state.withLock { if !$0.isStopping { $0.lastActivity = now } }
    }

    /// Counts packets that have come; see ``SessionState/count(_:bytes:)``.
    func count(_ packets: Int, bytes: Int) -> SessionFailure? {
        state.withLock { $0.count(packets, bytes: bytes) }
    }

    /// Records that the agent is asked to stop; the time for ``Timeouts/stall`` begins. If the packets behind the stop are not
    /// wanted, the session is complete without them.
    func stop(at now: ContinuousClock.Instant, isWanted: Bool = true) {
        state.withLock {
            $0.isStopping = true
            $0.isWanted = isWanted
            $0.lastActivity = now
        }
    }

    /// Records that the session is being killed. The first reason counts.
    func kill(_ reason: SessionState.KillReason) {
        state.withLock { $0.killReason = $0.killReason ?? reason }
    }

    /// Records that the stream of packets has ended.
    func endStream(_ pcap: PcapStream) {
        state.withLock {
            $0.end = WallClock.now()
            $0.pcap = pcap
        }
    }

    // MARK: Questions

    /// Returns the failure that is near for a session that has not begun; see ``SessionState/hint(at:)``.
    func hint(at now: ContinuousClock.Instant) -> SessionFailure? { state.withLock { $0.hint(at: now) } }

    /// Returns why to kill a session of which nothing has been heard for too long; see ``SessionState/silence(at:)``.
    func silence(at now: ContinuousClock.Instant) -> SessionState.KillReason? {
        state.withLock { $0.silence(at: now) }
    }

    /// Returns the outcome of the session, of which the process of cf has ended with `status`.
    func outcome(of status: TerminationStatus, request: SessionRequest) -> Session.Outcome {
        state.withLock { $0.outcome(of: status, request: request) }
    }
}
