/// The time after an event for which a capture goes on, as packets' time stamps and the client's clock tell it.
///
/// No clock is believed alone. A packet that is stamped behind the window closes it only where the client's clock does not
/// contradict, so that an instance whose clock is ahead does not end the capture at once. The client's clock closes it
/// where no packet does.
struct RecordingWindow: Sendable {
    /// The last time stamp in the window, in nanoseconds since 1970.
    let lastTime: UInt64
    /// The moment from which on a packet's time stamp is believed to lie behind the window.
    private let earliestEnd: ContinuousClock.Instant
    /// The moment at which the window closes though no packet shows it.
    private let latestEnd: ContinuousClock.Instant

    /// The delay that an agent, SSH and the merge add to a packet at most times.
    private static let jitter = Duration.milliseconds(500)

    /// Opens a window of a length, for an event at `time` (nanoseconds since 1970) that was seen at `seen`. Packets wait in
    /// the merge for `hold` at most.
    init(after length: Duration, from time: UInt64, seenAt seen: ContinuousClock.Instant, hold: Duration) {
        let (sum, isTooLarge) = time.addingReportingOverflow(UInt64(clamping: length.nanoseconds))
        lastTime = isTooLarge ? .max : sum
        // The event's own packet may have waited for the hold, and the last one of the window not at all.
        earliestEnd = seen + max(length - hold - Self.jitter, length / 2)
        latestEnd = seen + length + hold + Self.jitter
    }

    /// Returns whether a packet with this time stamp, examined now, shows that the window is closed.
    func isClosed(by time: UInt64, at now: ContinuousClock.Instant) -> Bool {
        time > lastTime && now >= earliestEnd
    }

    /// Returns whether the window is closed by the client's clock.
    func isClosed(at now: ContinuousClock.Instant) -> Bool { now >= latestEnd }
}
