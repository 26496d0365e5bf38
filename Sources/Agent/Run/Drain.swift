/// The end of a capture: after a stop, the packets captured before are still written, within a time limit.
///
/// A pure value. Decisions depend on its properties and a ``Progress`` alone.
struct Drain: Equatable {
    /// The moment of the stop.
    let start: MonotonicClock.Instant
    /// The number of packets that the kernel had captured at the stop, since the start of the capture.
    let captured: UInt64
    /// The number of packets that the kernel had dropped at the stop. Packets dropped later are not part of the
    /// capture.
    let dropped: UInt64
    /// The failure that ended the capture, or nil if there was a reason to stop.
    var failure: Failure?
    /// The moment of the first signal, or nil if there was none.
    private var firstSignal: MonotonicClock.Instant?
    /// Whether a second signal has abandoned the drain.
    private var isAbandoned = false

    /// The longest time from the stop to the end. Callers end the session 5 s after their signal, and the kernel needs
    /// about 50 ms to release a packet socket.
    static let limit = Duration.milliseconds(4500)
    /// The longest time for which standard output may accept nothing.
    static let stallLimit = Duration.seconds(1)
    /// The time after which the kernel has certainly retired the block that was being filled at the stop, even on a
    /// busy machine.
    static let blockRetirement = Duration.milliseconds(800)
    /// The time in which another signal counts as a repetition of the first. timeout(1) and terminals send a signal
    /// twice.
    static let duplicateInterval = Duration.milliseconds(200)

    /// The progress of the loop at one moment.
    struct Progress: Equatable {
        var now: MonotonicClock.Instant
        /// The number of packets read from the ring since the start of the capture.
        var packetsRead: UInt64
        /// Whether the last read left the ring empty.
        var isRingEmpty: Bool
        /// Whether standard output has accepted all packets that were read.
        var isQueueEmpty: Bool
        /// The last moment at which standard output accepted bytes or the queue was empty.
        var lastOutputProgress: MonotonicClock.Instant
    }

    /// A decision about the drain.
    enum Decision: Equatable {
        /// The loop continues.
        case keepDraining
        /// All packets that were read are written, and no more are expected from the ring. The loop ends.
        case done
        /// The loop ends, and the rest is lost.
        case abandon(Reason)
    }

    /// A reason to abandon a drain.
    enum Reason: Equatable {
        /// Standard output has accepted nothing for ``Drain/stallLimit``.
        case outputStalled
        /// Standard output has not accepted everything within ``Drain/limit``.
        case outputTooSlow
        /// A second signal has come.
        case secondSignal

        /// The reason in words.
        var description: ByteString {
            switch self {
            case .outputStalled: "standard output took nothing for \(Drain.stallLimit.decimalSeconds) s"
            case .outputTooSlow: "standard output did not take all within \(Drain.limit.decimalSeconds) s"
            case .secondSignal: "stopped by a second signal"
            }
        }
    }

    /// The meaning of a signal during the drain.
    enum SignalMeaning: Equatable {
        /// The first signal.
        case first
        /// A repetition of the first signal, without an effect.
        case duplicate
        /// A second signal, which abandons the drain.
        case abandon
    }

    /// Begins a drain at a stop.
    ///
    /// - Parameters:
    ///   - start: The moment of the stop.
    ///   - captured: The number of packets that the kernel had captured.
    ///   - dropped: The number of packets that the kernel had dropped.
    ///   - failure: The failure that ends the capture, or nil if there is a reason to stop.
    init(start: MonotonicClock.Instant, captured: UInt64, dropped: UInt64 = 0, failure: Failure? = nil) {
        self.start = start
        self.captured = captured
        self.dropped = dropped
        self.failure = failure
    }

    /// Records a stop signal and returns its meaning. A second signal abandons the drain.
    mutating func noteSignal(at now: MonotonicClock.Instant) -> SignalMeaning {
        guard let firstSignal else {
            firstSignal = now
            return .first
        }
        isAbandoned = now - firstSignal >= Self.duplicateInterval
        return isAbandoned ? .abandon : .duplicate
    }

    /// Returns whether no more packets are expected from the ring: all that the kernel had captured at the stop are
    /// read, or the ring is empty after ``blockRetirement``. In the second case, packets may be missing.
    func hasAllPackets(_ progress: Progress) -> Bool {
        let age = progress.now - start
        return progress.packetsRead >= captured || (progress.isRingEmpty && age >= Self.blockRetirement)
    }

    /// Returns whether the loop continues, is done, or abandons the rest.
    func decide(_ progress: Progress) -> Decision {
        if hasAllPackets(progress) && progress.isQueueEmpty { return .done }
        if isAbandoned { return .abandon(.secondSignal) }
        if progress.now - start >= Self.limit { return .abandon(.outputTooSlow) }
        let stall = progress.now - max(start, progress.lastOutputProgress)
        if !progress.isQueueEmpty && stall >= Self.stallLimit { return .abandon(.outputStalled) }
        return .keepDraining
    }

    /// Returns the earliest moment at which ``decide(_:)`` may change without further progress.
    func nextDecision(_ progress: Progress) -> MonotonicClock.Instant {
        let moments = [
            start + Self.blockRetirement, max(start, progress.lastOutputProgress) + Self.stallLimit,
            start + Self.limit,
        ]
        return moments.filter { $0 > progress.now }.min() ?? progress.now
    }
}
