/// The time-outs of a session.
extension SessionState {
    /// The longest time between two calls of ``silence(at:)`` that is believed: ``Session/checkInterval`` and a delay. After
    /// a longer one this process stood still itself (SIGSTOP, a machine asleep), and could hear nothing.
    private static let standstill = Duration.seconds(5)

    /// Returns the failure that is near for a session that has not begun, if nothing was heard of it for the time
    /// ``Timeouts/hint``; nil for any other. An agent that has spoken may be resolving a name.
    func hint(at now: ContinuousClock.Instant) -> SessionFailure? {
        guard !hasBegun, !isStopping, log.isEmpty, now - created >= Timeouts.hint else { return nil }
        return .nothingHeard(for: Timeouts.hint)
    }

    /// Returns why to kill a session of which nothing has been heard for too long; nil for any other. An agent that does
    /// not name its version logs nothing while it captures.
    mutating func silence(at now: ContinuousClock.Instant) -> KillReason? {
        if now - lastCheck > Self.standstill { lastActivity = now }
        lastCheck = now
        // The client reads nothing while the output accepts nothing, and so cannot see what is sent.
        if isHeldBack { return nil }
        let silence = now - lastActivity
        if isStopping { return silence >= (hasBegun ? Timeouts.stall : Timeouts.unbegun) ? .stalled : nil }
        guard hasBegun else { return silence > Timeouts.begin ? .silent(.nothingHeard(for: Timeouts.begin)) : nil }
        guard log.agent != nil, silence > Timeouts.silence else { return nil }
        let seconds = Timeouts.silence.components.seconds
        return .silent(SessionFailure(.cut, "nothing was heard of the session for \(seconds) seconds"))
    }
}
