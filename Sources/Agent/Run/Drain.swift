/// The end of a capture, from the stop on: the packets that are still to be written, and the time that they may take.
///
/// A pure value: decisions follow from its properties and from a ``Progress``.
struct Drain: Equatable {
    /// The moment of the stop.
    let start: MonotonicClock.Instant
    /// The number of packets that the kernel had captured by then, from the start of the capture.
    let captured: UInt64
    /// The number of packets for which the ring had no space by then. Packets dropped later are not part of the capture.
    let dropped: UInt64
    /// The error that ended the capture; nil if there was a reason to stop.
    var failure: Failure?
    private var firstSignal: MonotonicClock.Instant?
    private var isAbandoned = false

    /// The time for the whole drain. Callers tear the session down 5 s after the signal, and the kernel needs some 50 ms to
    /// release a packet socket.
    static let limit = Duration.milliseconds(4500)
    /// The time for which standard output may accept nothing.
    static let stallLimit = Duration.seconds(1)
    /// The time after which the kernel has retired the block that it was filling, even on a machine that is very busy.
    static let blockRetirement = Duration.milliseconds(800)
    /// The time in which a second signal is the first one again: timeout(1) and terminals send it twice.
    static let duplicateInterval = Duration.milliseconds(200)

    /// The progress of reading and writing at one moment, as the loop measures it.
    struct Progress: Equatable {
        /// The moment.
        var now: MonotonicClock.Instant
        /// The number of packets that were read from the ring since the start of the capture.
        var packetsRead: UInt64
        /// Whether the last read left the ring empty.
        var isRingEmpty: Bool
        /// Whether standard output has accepted all that was read.
        var isQueueEmpty: Bool
        /// The moment when standard output last accepted bytes, or had none to accept.
        var lastOutputProgress: MonotonicClock.Instant
    }

    /// A decision about the drain.
    enum Decision: Equatable {
        /// There may be more to write.
        case keepDraining
        /// All packets are written.
        case done
        /// The rest will not be written.
        case abandon(Reason)
    }

    /// A reason why captured packets are not written.
    enum Reason: Equatable {
        case outputStalled, outputTooSlow, secondSignal

        /// The reason in words.
        var description: ByteString {
            switch self {
            case .outputStalled: "standard output took nothing for 1 s"
            case .outputTooSlow: "standard output did not take all within 4.5 s"
            case .secondSignal: "stopped by a second signal"
            }
        }
    }

    /// The meaning of a signal.
    enum SignalMeaning: Equatable {
        /// The first signal.
        case first
        /// The first signal again.
        case duplicate
        /// A second signal: the drain is abandoned.
        case abandon
    }

    /// Begins at a stop, with the kernel's counts at that moment.
    init(start: MonotonicClock.Instant, captured: UInt64, dropped: UInt64 = 0, failure: Failure? = nil) {
        self.start = start
        self.captured = captured
        self.dropped = dropped
        self.failure = failure
    }

    /// Notes a stop signal, and returns its meaning.
    mutating func noteSignal(at now: MonotonicClock.Instant) -> SignalMeaning {
        guard let firstSignal else {
            firstSignal = now
            return .first
        }
        isAbandoned = now - firstSignal >= Self.duplicateInterval
        return isAbandoned ? .abandon : .duplicate
    }

    /// Returns whether all packets that the kernel had captured by the stop have been read from the ring.
    func hasAllPackets(_ progress: Progress) -> Bool {
        let age = progress.now - start
        return progress.packetsRead >= captured || (progress.isRingEmpty && age >= Self.blockRetirement)
    }

    /// Returns whether to go on draining, to end, or to abandon the rest, and why.
    func decide(_ progress: Progress) -> Decision {
        if hasAllPackets(progress) && progress.isQueueEmpty { return .done }
        if isAbandoned { return .abandon(.secondSignal) }
        if progress.now - start >= Self.limit { return .abandon(.outputTooSlow) }
        let stall = progress.now - max(start, progress.lastOutputProgress)
        if !progress.isQueueEmpty && stall >= Self.stallLimit { return .abandon(.outputStalled) }
        return .keepDraining
    }

    /// Returns the moment when ``decide(_:)`` may change though nothing happens.
    func nextDecision(_ progress: Progress) -> MonotonicClock.Instant {
        let moments = [
            start + Self.blockRetirement, max(start, progress.lastOutputProgress) + Self.stallLimit,
            start + Self.limit,
        ]
        return moments.filter { $0 > progress.now }.min() ?? progress.now
    }
}
