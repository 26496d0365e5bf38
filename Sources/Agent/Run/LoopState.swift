/// The state of the loop: the phase of the capture, and the moments on which decisions depend.
///
/// A pure value: ``shouldReadRing(into:at:)`` and ``next(_:after:isInterfaceDown:nextReport:at:)`` follow from it and
/// their arguments.
struct LoopState: Equatable {
    /// A phase of the capture.
    enum Phase: Equatable {
        /// Standard output has not accepted the file header yet.
        case starting
        /// Packets flow.
        case live
        /// A stop was asked for, or the interface has failed. Packets captured before are written.
        case draining(Drain)
    }

    var phase = Phase.starting
    /// Whether nobody will read what is written.
    var isReaderGone = false
    /// Whether the last read left the ring empty, and nothing has announced packets since.
    var isRingEmpty = false
    /// The moment when standard output last accepted bytes, or had none to accept.
    var lastOutputProgress: MonotonicClock.Instant
    /// The moment when the ring was last read.
    var lastRingRead: MonotonicClock.Instant

    /// The queue, as far as decisions depend on it.
    struct QueueStatus: Equatable {
        var isEmpty: Bool
        var hasFreeSpace: Bool
        /// The number of packets that were added since the start.
        var packetsRead: UInt64
    }

    /// The next step of the loop.
    enum Step: Equatable {
        /// Waits for something until a moment.
        case wait(for: Awaited, until: MonotonicClock.Instant)
        /// Ends the capture.
        case end(Outcome)
    }

    /// Something to wait for, besides the reasons to stop.
    enum Awaited: Equatable {
        /// The ring has packets.
        case packets
        /// Standard output is ready for writing.
        case output
        /// Only the moment comes.
        case time
    }

    /// The way in which a capture ends.
    enum Outcome: Equatable {
        /// All that was captured is written.
        case complete
        /// Nobody reads any more.
        case readerGone
        /// The drain was abandoned.
        case abandoned(Drain.Reason)
        /// Standard output accepts no more.
        case outputFailed(SystemError)
    }

    /// Begins before the first write.
    init(at now: MonotonicClock.Instant) {
        (lastOutputProgress, lastRingRead) = (now, now)
    }

    /// The drain, if the capture has been stopped.
    var drain: Drain? {
        if case .draining(let drain) = phase { drain } else { nil }
    }

    // MARK: Decisions

    /// Returns whether to read the ring now. Packets stay in the ring while the queue holds bytes, because the ring is not
    /// charged to the app's memory. If standard output has accepted nothing for a second, or the ring was last read a second
    /// ago, reads a batch anyway: the ring holds only 80 block timeouts (3.8 s), however little is in each block.
    func shouldReadRing(into queue: QueueStatus, at now: MonotonicClock.Instant) -> Bool {
        guard queue.hasFreeSpace else { return false }
        if let drain, drain.hasAllPackets(progress(of: queue, at: now)) { return false }
        if queue.isEmpty { return !isRingEmpty }
        return now - min(lastOutputProgress, lastRingRead) >= .seconds(1)
    }

    /// Returns the next step, after a write with that result. `isInterfaceDown` tells whether the interface must be asked
    /// from time to time what becomes of it. A report is due at `nextReport`.
    func next(
        _ queue: QueueStatus, after result: Output.WriteResult, isInterfaceDown: Bool = false,
        nextReport: MonotonicClock.Instant = .distantFuture, at now: MonotonicClock.Instant
    ) -> Step {
        if isReaderGone || result == .readerGone { return .end(.readerGone) }
        if case .failed(let error) = result { return .end(.outputFailed(error)) }
        var deadline = nextReport
        if let drain {
            let progress = progress(of: queue, at: now)
            switch drain.decide(progress) {
            case .done: return .end(.complete)
            case .abandon(let reason): return .end(.abandoned(reason))
            case .keepDraining: deadline = min(deadline, drain.nextDecision(progress))
            }
        }
        if result == .notReady { return .wait(for: .output, until: min(deadline, now + pollDelay(at: now))) }
        if result == .needsSpace { return .wait(for: .time, until: min(deadline, now + pollDelay(at: now))) }
        if !queue.isEmpty || shouldReadRing(into: queue, at: now) { return .wait(for: .time, until: now) }
        if isInterfaceDown { deadline = min(deadline, now + Self.interfaceInterval) }
        return .wait(for: .packets, until: deadline)
    }

    /// The interval in which an interface that is down is asked whether it still exists.
    private static let interfaceInterval = Duration.milliseconds(100)

    /// The delay before the pipe's free space is polled again. The kernel does not signal when a pipe has space for a whole
    /// record. Grows with the time already waited (1/16 of it).
    func pollDelay(at now: MonotonicClock.Instant) -> Duration {
        min(max((now - lastOutputProgress) / 16, .microseconds(250)), .milliseconds(32))
    }

    private func progress(of queue: QueueStatus, at now: MonotonicClock.Instant) -> Drain.Progress {
        Drain.Progress(
            now: now, packetsRead: queue.packetsRead, isRingEmpty: isRingEmpty, isQueueEmpty: queue.isEmpty,
            lastOutputProgress: lastOutputProgress)
    }
}
