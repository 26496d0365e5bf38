/// The end of a capture, from the moment when it is asked for: what is still to be handed over, and for how long.
/// Moments are those of ``MonotonicClock``.
struct Ending: Equatable {
    /// When it was asked for.
    let begin: MonotonicClock.Instant
    /// Packets that the kernel had captured by then, from the start of the capture.
    let captured: UInt64
    /// Packets that had found no room in the ring by then. What finds none later is not part of the capture.
    let dropped: UInt64
    /// When a signal asked for it; nil where something else did.
    private var signalled: MonotonicClock.Instant?
    private var isRepeated = false

    /// Callers tear the session down 5 s after the signal; the kernel needs some 50 ms to release a packet socket.
    static let longest = Duration.milliseconds(4500)
    /// For how long standard output may take nothing.
    static let longestStandstill = Duration.seconds(1)
    /// The time after which the kernel has retired the block that it was filling, even on a machine that is very busy.
    static let longestRetirement = Duration.milliseconds(800)
    /// Within this time a second signal is taken for the first: timeout(1) and terminals send it twice.
    static let sameSignal = Duration.milliseconds(200)

    /// How far the capture is.
    struct Progress: Equatable {
        var now: MonotonicClock.Instant
        /// Packets that the kernel has handed over since the start of the capture.
        var handedOver: UInt64
        /// Nothing was left in the ring at the last look.
        var isRingEmpty: Bool
        /// The output has taken all that was handed over.
        var isQueueEmpty: Bool
        /// When the output last took bytes or had none to take.
        var lastTaken: MonotonicClock.Instant
    }

    enum Decision: Equatable {
        case goOn, done
        case giveUp(Reason)
    }

    /// Why packets that were captured are not written.
    enum Reason: Equatable {
        case readerTookNothing, readerTooSlow, secondSignal

        var description: ByteString {
            switch self {
            case .readerTookNothing: "standard output took nothing for 1 s"
            case .readerTooSlow: "standard output did not take all within 4.5 s"
            case .secondSignal: "stopped by a second signal"
            }
        }
    }

    init(at now: MonotonicClock.Instant, captured: UInt64, dropped: UInt64 = 0) {
        (begin, self.captured, self.dropped) = (now, captured, dropped)
    }

    /// Notes a signal. Returns whether it is not the first, and ends the capture at once.
    mutating func noteSignal(at now: MonotonicClock.Instant) -> Bool {
        isRepeated = signalled.map { now - $0 >= Self.sameSignal } ?? false
        signalled = signalled ?? now
        return isRepeated
    }

    /// Whether all that the kernel had captured when the end began has been handed over.
    func hasAll(_ progress: Progress) -> Bool {
        let age = progress.now - begin
        return progress.handedOver >= captured || (progress.isRingEmpty && age >= Self.longestRetirement)
    }

    func decide(_ progress: Progress) -> Decision {
        if hasAll(progress) && progress.isQueueEmpty { return .done }
        if isRepeated { return .giveUp(.secondSignal) }
        if progress.now - begin >= Self.longest { return .giveUp(.readerTooSlow) }
        let standstill = progress.now - max(begin, progress.lastTaken)
        if !progress.isQueueEmpty && standstill >= Self.longestStandstill { return .giveUp(.readerTookNothing) }
        return .goOn
    }

    /// When ``decide(_:)`` may come to something else though nothing happens.
    func nextDecision(_ progress: Progress) -> MonotonicClock.Instant {
        let times = [
            begin + Self.longestRetirement, max(begin, progress.lastTaken) + Self.longestStandstill,
            begin + Self.longest,
        ]
        return times.filter { $0 > progress.now }.min() ?? progress.now
    }
}
