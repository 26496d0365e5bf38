internal import Subprocess

/// The end of a session, and what was lost by then.
extension SessionState {
    /// Returns the outcome of the session, of which the process of cf has ended with `status`.
    func outcome(of status: TerminationStatus, request: SessionRequest) -> Session.Outcome {
        if !isWanted { return .complete }
        if let killReason { return outcome(ofKilled: killReason, at: .now) }
        if isStopping && isOrderly(status) {
            guard hasBegun else { return .failed(absence) }
            return missing.map(Session.Outcome.failed) ?? .complete
        }
        let end = SessionEnd(
            status: .init(status), output: String(decoding: pcap.remarks, as: UTF8.self), errors: log.remarks,
            agentError: log.agentError, hasCaptured: hasBegun, hasAgentSpoken: log.hasAgentSpoken)
        return .failed(end.failure(of: request))
    }

    /// Returns whether an agent that was asked to stop did. One that does not name its version knows SIGINT alone, and is
    /// helped with SIGTERM where no packet wakes it.
    private func isOrderly(_ status: TerminationStatus) -> Bool {
        if status == .exited(0) { return true }
        // Stopped before it had begun, or by the platform's other agent.
        return status == .exited(143) && (!hasBegun || log.agent == nil)
    }

    private func outcome(ofKilled reason: KillReason, at now: ContinuousClock.Instant) -> Session.Outcome {
        switch reason {
        case .silent(let failure):
            return .failed(failure)
        case .stalled, .endOfDrain:
            guard hasBegun else { return .failed(stoppedEarly(at: now)) }
            // The agent has ended in order and all of its packets have come: only the process of cf has not ended.
            if log.isStopped && missing == nil { return .complete }
        }
        if case .stalled = reason {
            let seconds = Timeouts.stall.components.seconds
            return .failed(SessionFailure(.cut, "nothing came for \(seconds) seconds after the stop: \(lossOfKilled)"))
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

    /// The failure of a session that was asked to stop and had no capture to end.
    private var absence: SessionFailure {
        let text = String(decoding: pcap.remarks, as: UTF8.self).inOneLine(limit: 200)
        if text.isEmpty { return SessionFailure(.endedEarly, "it was stopped before its capture began") }
        return SessionFailure(.agentFailed, "what it sends is not a capture: '\(text)'")
    }

    // MARK: Losses

    /// The bytes that a session may deliver after the stop. An agent holds 20 MB in its ring and 1 MB in its queue; the
    /// rest is for the buffers of SSH and of the connections on the way, and for what is captured until the stop arrives.
    static let mostBytesAfterStop = 64_000_000

    /// Counts packets that have come, of so many bytes. Returns the failure of a session that has sent more after the stop
    /// than its agent can have held by then; nil for any other. What comes from there on was captured later, or never.
    mutating func count(_ packets: Int, bytes: Int) -> SessionFailure? {
        self.packets += UInt64(packets)
        guard isStopping, isWanted else { return nil }
        bytesAfterStop += bytes
        if let missing, self.packets > log.counts?.packets ?? 0 { return missing }
        guard bytesAfterStop > Self.mostBytesAfterStop else { return nil }
        let amount = Quantity.bytes(Double(Self.mostBytesAfterStop))
        return SessionFailure(
            .cut, "it sent more than \(amount) after the stop, which no agent holds: the rest is not read")
    }

    /// The failure of a session whose agent has written more packets than came; nil if all came.
    private var missing: SessionFailure? {
        guard log.isStopped, let counts = log.counts, hasBegun else { return nil }
        let sent = counts.packets &- min(counts.lost, counts.packets)
        if counts.lost > 0 {
            return SessionFailure(.cut, "\(counts.lost) packets did not get through before the end")
        }
        guard packets != sent else { return nil }
        return SessionFailure(.cut, "the agent sent \(sent) packets, and \(packets) came")
    }

    /// The loss of a killed session, in words: at least the difference between the agent's newest counts and the packets
    /// that came. Its last counts wait behind the packets in the same channel (RFC 4254, 5.2).
    private var lossOfKilled: String {
        guard let counts = log.counts, counts.packets > packets else { return "its last packets may be missing" }
        let lost = Quantity.packets(Int(clamping: counts.packets - packets))
        return log.isStopped ? "\(lost) lost" : "at least \(lost) lost"
    }

    /// The statistics that a capture file gets. Leaves out a count that is not the last one: the format has no "at least".
    var statistics: StreamStatistics {
        let counts = log.isStopped ? log.counts : nil
        return StreamStatistics(
            start: start, end: end, received: counts.map { $0.packets &+ $0.dropped }, dropped: counts?.dropped)
    }
}
