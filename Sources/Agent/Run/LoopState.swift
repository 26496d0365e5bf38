/// The state of the loop: the phase of the capture, and the moments on which decisions depend.
///
/// A pure value. ``shouldReadRing(into:at:)`` and ``next(_:after:isInterfaceDown:nextReport:at:)`` depend on it and
/// their arguments alone.
struct LoopState: Equatable {
    /// A phase of the loop.
    enum Phase: Equatable {
        /// Standard output has not accepted the file header.
        case starting
        /// Packets are captured and written.
        case live
        /// Packets captured before a stop or a failure are written.
        case draining(Drain)
    }

    var phase = Phase.starting
    /// Whether the reader of standard output is gone.
    var isReaderGone = false
    /// Whether the last read left the ring empty and no wait has reported packets since.
    var isRingEmpty = false
    /// The last moment at which standard output accepted bytes or the queue was empty.
    var lastOutputProgress: MonotonicClock.Instant
    /// The moment of the last read from the ring.
    var lastRingRead: MonotonicClock.Instant
    /// The moment of the last wait. A wait also checks for events: signals, the session and the reader.
    var lastWait: MonotonicClock.Instant

    /// The state of the queue, as far as decisions depend on it.
    struct QueueStatus: Equatable {
        /// Whether standard output has accepted all bytes.
        var isEmpty: Bool
        /// Whether the queue has space for a record of the largest size.
        var hasFreeSpace: Bool
        /// The number of packets added since the start of the capture.
        var packetsRead: UInt64
    }

    /// The next step of the loop.
    enum Step: Equatable {
        /// Reads and writes again without a wait.
        case proceed
        /// Waits for an event until a moment.
        case wait(for: Awaited, until: MonotonicClock.Instant)
        /// Ends the capture.
        case end(Outcome)
    }

    /// An event to wait for, besides the reasons to stop.
    enum Awaited: Equatable {
        /// The ring has packets.
        case packets
        /// Standard output is ready for writing.
        case output
        /// Only the moment.
        case time
    }

    /// The outcome of the loop.
    enum Outcome: Equatable {
        /// All packets that were read are written. Captured packets are missing if the ring was empty
        /// ``Drain/blockRetirement`` after the stop and fewer had been read than the kernel counted.
        case complete
        /// The reader of standard output is gone.
        case readerGone
        /// The drain was abandoned.
        case abandoned(Drain.Reason)
        /// Standard output accepts nothing any more.
        case outputFailed(SystemError)
    }

    /// Creates the state before the first write.
    init(at now: MonotonicClock.Instant) {
        (lastOutputProgress, lastRingRead, lastWait) = (now, now, now)
    }

    /// The drain after a stop or a failure, otherwise nil.
    var drain: Drain? {
        if case .draining(let drain) = phase { drain } else { nil }
    }

    // MARK: Decisions

    /// Returns whether to read the ring now.
    ///
    /// Reads into an empty queue if the ring may have packets. If the queue has bytes, leaves packets in the ring,
    /// because the ring's memory is not charged to the app. But at low rates the ring holds the packets of 3.8 s only
    /// (80 block timeouts), so there are two exceptions. If standard output has accepted nothing for a second, fills
    /// the queue. If the last read was a second ago, reads one batch. Never reads into a queue without free space, nor
    /// after a drain has all its packets.
    ///
    /// - Parameters:
    ///   - queue: The state of the queue.
    ///   - now: The present moment.
    func shouldReadRing(into queue: QueueStatus, at now: MonotonicClock.Instant) -> Bool {
        guard queue.hasFreeSpace else { return false }
        if let drain, drain.hasAllPackets(progress(of: queue, at: now)) { return false }
        if queue.isEmpty { return !isRingEmpty }
        return now - min(lastOutputProgress, lastRingRead) >= Self.readInterval
    }

    /// Returns the next step.
    ///
    /// - Parameters:
    ///   - queue: The state of the queue.
    ///   - result: The result of the last write.
    ///   - isInterfaceDown: Whether the loop must read from time to time to learn whether the interface exists.
    ///   - nextReport: The moment of the next report.
    ///   - now: The present moment.
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
        if !queue.isEmpty || shouldReadRing(into: queue, at: now) {
            return now - lastWait < Self.eventInterval ? .proceed : .wait(for: .time, until: now)
        }
        if isInterfaceDown { deadline = min(deadline, now + Self.interfaceInterval) }
        return .wait(for: .packets, until: deadline)
    }

    /// The time without a read, or without progress of standard output, after which the loop reads although the queue
    /// has bytes.
    private static let readInterval = Duration.seconds(1)
    /// The interval at which the loop checks for events while it has no need to wait. Each check costs a system call.
    private static let eventInterval = Duration.milliseconds(1)
    /// The interval at which the loop reads while the interface is down.
    private static let interfaceInterval = Duration.milliseconds(100)

    /// Returns the delay before the loop tries to write again. The kernel does not report when a pipe has space for a
    /// whole record. The delay is 1/16 of the time since the last progress, 0.25 to 32 ms.
    func pollDelay(at now: MonotonicClock.Instant) -> Duration {
        min(max((now - lastOutputProgress) / 16, .microseconds(250)), .milliseconds(32))
    }

    /// Returns the progress of the loop, for the drain.
    private func progress(of queue: QueueStatus, at now: MonotonicClock.Instant) -> Drain.Progress {
        Drain.Progress(
            now: now, packetsRead: queue.packetsRead, isRingEmpty: isRingEmpty, isQueueEmpty: queue.isEmpty,
            lastOutputProgress: lastOutputProgress)
    }
}
