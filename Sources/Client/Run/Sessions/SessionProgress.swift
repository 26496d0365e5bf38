internal import Subprocess
internal import Synchronization

/// The progress of a running session, shared by the tasks that serve it.
final class SessionProgress: Sendable {
    fileprivate struct State {
        var log = SessionLog()
        let created = ContinuousClock.now
        var lastActivity = ContinuousClock.now
        var lastCheck = ContinuousClock.now
        var start: UInt64?
        var end: UInt64?
        var packets: UInt64 = 0
        var bytesAfterStop = 0
        var isHeldBack = false
        var isStopping = false
        /// Whether what still comes is wanted.
        var isWanted = true
        var killReason: KillReason?
        var pcap = PcapStream()
    }

    /// A reason to kill the process of a session.
    enum KillReason {
        /// The session gave no sign of life while it captured, or never began to.
        case silent(SessionFailure)
        /// The session was asked to stop, and no byte has come for the time ``Timeouts/stall``, or ``Timeouts/unbegun``.
        case stalled
        /// The run kills what still drains: a person asked again, or the deadline ``Timeouts/drain`` is over.
        case endOfDrain
    }

    /// The stream of the merge that takes its packets.
    let stream: StreamID
    private let state = Mutex(State())

    /// The longest time between two calls of ``silence(at:)`` that is believed: ``Session/checkInterval`` and a delay. After
    /// a longer one this process stood still itself (SIGSTOP, a machine asleep), and could hear nothing.
    private static let standstill = Duration.seconds(5)

    init(_ stream: StreamID) {
        self.stream = stream
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// The agent is asked to stop; the time for ``Timeouts/stall`` begins.
    /// If the packets behind the stop are not wanted, the session is complete without them.
    func stop(at now: ContinuousClock.Instant, isWanted: Bool = true) {
        state.withLock {
            $0.isStopping = true
            $0.isWanted = isWanted
            $0.lastActivity = now
        }
    }

    /// Whether what still comes is wanted.
    var isWanted: Bool { state.withLock { $0.isWanted } }

    /// Whether the agent's header has come.
    var hasBegun: Bool { state.withLock { $0.start != nil } }

    var isHeldBack: Bool {
        get { state.withLock { $0.isHeldBack } }
        set { state.withLock { $0.isHeldBack = newValue } }
    }

    func withLog<Value: Sendable>(_ body: (inout sending SessionLog) -> sending Value) -> Value {
        state.withLock { body(&$0.log) }
    }

    func withStream<Value: Sendable>(_ body: (inout sending PcapStream) -> sending Value) -> Value {
        state.withLock { body(&$0.pcap) }
    }

    /// Packets, or a part of one, have come.
    func noteActivity(at now: ContinuousClock.Instant) {
        state.withLock { $0.lastActivity = now }
    }

    /// A part of the log has come. After the stop this is no progress: an agent has at most a few lines left to say, and a
    /// container that logs without end would keep the client from its own.
    func noteLogActivity(at now: ContinuousClock.Instant) {
        state.withLock { if !$0.isStopping { $0.lastActivity = now } }
    }

    /// The agent's header has come.
    func begin() {
        state.withLock { $0.start = WallClock.now() }
    }

    /// The bytes that a session may deliver after the stop. An agent holds 20 MB in its ring and 1 MB in its queue; the
    /// rest is for the buffers of SSH and of the connections on the way, and for what is captured until the stop arrives.
    static let mostBytesAfterStop = 64_000_000

    /// Packets have come, of so many bytes. Returns the failure of a session that has sent more after the stop than its
    /// agent can have held by then; nil for any other. What comes from there on was captured later, or never.
    func count(_ packets: Int, bytes: Int) -> SessionFailure? {
        state.withLock { state in
            state.packets += UInt64(packets)
            guard state.isStopping, state.isWanted else { return nil }
            state.bytesAfterStop += bytes
            if let missing = state.missing, state.packets > state.log.counts?.packets ?? 0 { return missing }
            guard state.bytesAfterStop > Self.mostBytesAfterStop else { return nil }
            let amount = Quantity.bytes(Double(Self.mostBytesAfterStop))
            return SessionFailure(
                .cut, "it sent more than \(amount) after the stop, which no agent holds: the rest is not read")
        }
    }

    /// The stream of packets has ended.
    func endStream(_ pcap: PcapStream) {
        state.withLock {
            $0.end = WallClock.now()
            $0.pcap = pcap
        }
    }

    /// The session is being killed. The first reason counts.
    func kill(_ reason: KillReason) {
        state.withLock { $0.killReason = $0.killReason ?? reason }
    }

    /// Returns the failure that is near for a session that has not begun, if nothing was heard of it for the time
    /// ``Timeouts/hint``; nil for any other. An agent that has spoken may be resolving a name.
    func hint(at now: ContinuousClock.Instant) -> SessionFailure? {
        state.withLock { state in
            guard state.start == nil, !state.isStopping, state.log.isEmpty, now - state.created >= Timeouts.hint else {
                return nil
            }
            return .nothingHeard(for: Timeouts.hint)
        }
    }

    /// Returns why to kill a session of which nothing has been heard for too long; nil for any other. An agent that does
    /// not name its version logs nothing while it captures.
    func silence(at now: ContinuousClock.Instant) -> KillReason? {
        state.withLock { state in
            if now - state.lastCheck > Self.standstill { state.lastActivity = now }
            state.lastCheck = now
            // The client reads nothing while the output accepts nothing, and so cannot see what is sent.
            if state.isHeldBack { return nil }
            if state.isStopping {
                let timeout = state.start == nil ? Timeouts.unbegun : Timeouts.stall
                return now - state.lastActivity >= timeout ? .stalled : nil
            }
            if state.start == nil {
                guard now - state.lastActivity > Timeouts.begin else { return nil }
                return .silent(.nothingHeard(for: Timeouts.begin))
            }
            guard state.log.agent != nil, now - state.lastActivity > Timeouts.silence else { return nil }
            return .silent(
                SessionFailure(
                    .cut, "nothing was heard of the session for \(Timeouts.silence.components.seconds) seconds"))
        }
    }

    /// The statistics that a capture file gets. Leaves out a count that is not the last one: the format has no "at least".
    var statistics: StreamStatistics {
        state.withLock { state in
            let counts = state.log.isStopped ? state.log.counts : nil
            return StreamStatistics(
                start: state.start, end: state.end, received: counts.map { $0.packets &+ $0.dropped },
                dropped: counts?.dropped)
        }
    }

    /// Returns the end of the session, of which the process of cf has ended with `status`.
    func outcome(of status: TerminationStatus, request: SessionRequest) -> Session.Outcome {
        state.withLock { state in
            if !state.isWanted { return .complete }
            if let reason = state.killReason { return state.outcome(ofKilled: reason, at: .now) }
            if state.isStopping && state.isOrderly(status) {
                if state.start == nil { return .failed(state.absence) }
                return state.missing.map(Session.Outcome.failed) ?? .complete
            }
            let end = SessionEnd(
                status: .init(status), output: String(decoding: state.pcap.remarks, as: UTF8.self),
                errors: state.log.remarks, agentError: state.log.agentError, hasCaptured: state.start != nil,
                hasAgentSpoken: state.log.hasAgentSpoken)
            return .failed(end.failure(of: request))
        }
    }
}

extension SessionProgress.State {
    /// Whether an agent that was asked to stop did. One that does not name its version knows SIGINT alone, and is
    /// helped with SIGTERM where no packet wakes it.
    fileprivate func isOrderly(_ status: TerminationStatus) -> Bool {
        if status == .exited(0) { return true }
        // Stopped before it had begun, or by the platform's other agent.
        return status == .exited(143) && (start == nil || log.agent == nil)
    }

    /// The outcome of a session that was killed.
    fileprivate func outcome(
        ofKilled reason: SessionProgress.KillReason, at now: ContinuousClock.Instant
    ) -> Session.Outcome {
        switch reason {
        case .silent(let failure):
            return .failed(failure)
        case .stalled, .endOfDrain:
            guard start != nil else { return .failed(stoppedEarly(at: now)) }
            // The agent has ended in order and all of its packets have come: only the process of cf has not ended.
            if log.isStopped && missing == nil { return .complete }
        }
        if case .stalled = reason {
            let seconds = Timeouts.stall.components.seconds
            return .failed(
                SessionFailure(.cut, "nothing came for \(seconds) seconds after the stop: \(lossOfKilled)"))
        }
        return .failed(SessionFailure(.cut, "it was cut while packets still came: \(lossOfKilled)"))
    }

    /// The failure of a session that was killed before it had begun: the person's, or that of what did not answer.
    private func stoppedEarly(at now: ContinuousClock.Instant) -> SessionFailure {
        guard log.isEmpty, now - created >= Timeouts.hint else {
            return SessionFailure(.endedEarly, "it was stopped before its capture began")
        }
        return .nothingHeard(for: now - created)
    }

    /// The loss of a killed session, in words: at least the difference between the agent's newest counts and the packets
    /// that came. Its last counts wait behind the packets in the same channel (RFC 4254, 5.2).
    private var lossOfKilled: String {
        guard let counts = log.counts, counts.packets > packets else { return "its last packets may be missing" }
        let lost = Quantity.packets(Int(clamping: counts.packets - packets))
        return log.isStopped ? "\(lost) lost" : "at least \(lost) lost"
    }

    /// Why a session that was asked to stop had no capture to end.
    fileprivate var absence: SessionFailure {
        let text = String(decoding: pcap.remarks, as: UTF8.self).inOneLine(limit: 200)
        if text.isEmpty { return SessionFailure(.endedEarly, "it was stopped before its capture began") }
        return SessionFailure(.agentFailed, "what it sends is not a capture: '\(text)'")
    }

    /// The failure to tell if the agent has written more packets than came; nil if all came.
    fileprivate var missing: SessionFailure? {
        guard log.isStopped, let counts = log.counts, start != nil else { return nil }
        let sent = counts.packets &- min(counts.lost, counts.packets)
        if counts.lost > 0 {
            return SessionFailure(.cut, "\(counts.lost) packets did not get through before the end")
        }
        guard packets != sent else { return nil }
        return SessionFailure(.cut, "the agent sent \(sent) packets, and \(packets) came")
    }
}
