import CLinux

/// Runs a capture that has been started to its end, inside the sandbox, and ends the process. Throws if the sandbox cannot
/// be entered. See ``CaptureLoop``.
public func run(
    _ capture: consuming Capture, to output: consuming Output, until stops: StopSource, log: Log
) throws(Failure) -> Never {
    try CaptureLoop(capture, to: output, until: stops, log: log).run()
}

/// Moves packets from the ring to standard output until a reason to stop or a failure ends that.
///
/// A packet's way: the kernel filters it and copies it into the ring of the packet socket. When a block of the ring is
/// full, or its timeout has passed, the socket becomes readable, and the wait in ``wait(for:until:)`` ends. ``readRing(at:)``
/// has libpcap pass each packet to the queue, which copies it behind the last record. ``write(at:)`` gives a pipe as many
/// whole records as it accepts without waiting, and a socket or a file their bytes. What it does not accept stays in the
/// queue, and the packets after it stay in the ring, but for a batch a second (``LoopState/shouldReadRing(into:at:)``).
/// After a stop the loop goes on until all packets captured by then are written, unless the output ends or fails, or
/// ``Drain`` abandons the rest.
final class CaptureLoop<Source: PacketSource & ~Copyable> {
    private var source: Source
    private var output: Output
    private var queue: RecordQueue
    private let stops: StopSource
    private var reports: Reports
    private let log: Log
    private var state: LoopState

    /// Allocates all memory that the loop needs. Throws if the file header cannot be made.
    init(_ source: consuming Source, to output: consuming Output, until stops: StopSource, log: Log) throws(Failure) {
        queue = RecordQueue(fileHeader: try source.fileHeader(), snaplen: source.snaplen)
        let now = MonotonicClock.now()
        state = LoopState(at: now)
        reports = Reports(log, at: now)
        self.source = source
        self.output = output
        self.stops = stops
        self.log = log
    }

    /// Enters the sandbox, runs to the end, logs it and ends the process, because the sandbox allows nothing else. Throws if
    /// the sandbox cannot be entered.
    func run() throws(Failure) -> Never {
        let used = stops.descriptors
        try Sandbox.enter(capture: source.descriptor, signals: used.signals, socketTables: used.socketTables)
        // A line among the records would spoil the file.
        if log.threshold == .errors { log.threshold = .nothing }
        Agent.end(finish(runLoop()))
    }

    /// Runs to the end of the capture.
    func runLoop() -> LoopState.Outcome {
        while true {
            handleEvents(at: MonotonicClock.now())
            let now = MonotonicClock.now()
            if queue.isEmpty { state.lastOutputProgress = now }
            // Writing the log may have blocked, so read the ring again before deciding.
            if state.drain != nil { state.isRingEmpty = false }
            if state.shouldReadRing(into: queueStatus, at: now) { readRing(at: now) }
            let result = write(at: now)
            let step = state.next(
                queueStatus, after: result, isInterfaceDown: source.isInterfaceDown, nextReport: reports.nextReport,
                at: now)
            switch step {
            case .wait(let awaited, let deadline): wait(for: awaited, until: deadline)
            case .end(let outcome): return outcome
            }
        }
    }

    private var queueStatus: LoopState.QueueStatus {
        LoopState.QueueStatus(
            isEmpty: queue.isEmpty, hasFreeSpace: queue.hasFreeSpace, packetsRead: queue.recordCount)
    }

    // MARK: The data path

    /// A source that fails, as when its interface is deleted, is drained like one that is stopped: libpcap may still return
    /// packets that came before.
    private func readRing(at now: MonotonicClock.Instant) {
        state.lastRingRead = now
        do throws(Failure) {
            state.isRingEmpty = try source.read(into: &queue)
        } catch {
            state.isRingEmpty = true
            startDraining(at: now, failure: error)
        }
    }

    private func write(at now: MonotonicClock.Instant) -> Output.WriteResult {
        if queue.isEmpty { return .accepted }
        let result = output.write(from: &queue)
        guard result == .accepted else { return result }
        state.lastOutputProgress = now
        if state.phase == .starting {
            state.phase = .live
            log.info("capturing, stop with Ctrl-C or pkill -INT cf-pcap") { $0.add("interface", source.name) }
        }
        return .accepted
    }

    private func wait(for awaited: LoopState.Awaited, until deadline: MonotonicClock.Instant) {
        switch awaited {
        case .packets:
            let hasPackets = stops.wait(for: source.descriptor, POLLIN, until: deadline)
            if hasPackets || source.isInterfaceDown { state.isRingEmpty = false }
        case .output: _ = stops.wait(for: output.descriptor, POLLOUT, until: deadline)
        case .time: _ = stops.wait(for: -1, 0, until: deadline)
        }
    }

    // MARK: Reasons to stop, and reports

    private func handleEvents(at now: MonotonicClock.Instant) {
        var isReportRequested = false
        while let event = stops.next(at: now) {
            switch event {
            case .report: isReportRequested = true
            case .stop(let reason): stop(for: reason, at: now)
            }
        }
        if isReportRequested || reports.isDue(at: now) {
            reports.report(counts(), at: now, isRequested: isReportRequested)
        }
    }

    private func stop(for reason: StopReason, at now: MonotonicClock.Instant) {
        switch reason {
        case .readerGone: state.isReaderGone = true
        case .sessionEnded:
            if state.drain == nil { reason.report(to: log) }
            startDraining(at: now)
        case .signal(let name):
            startDraining(at: now)
            guard var drain = state.drain else { return }
            let meaning = drain.noteSignal(at: now)
            state.phase = .draining(drain)
            switch meaning {
            case .first: reason.report(to: log)
            case .duplicate: break
            case .abandon: log.info("received another signal, stopping at once") { $0.add("signal", name) }
            }
        }
    }

    /// Begins to drain, or notes the failure if the loop already drains. The first failure counts.
    private func startDraining(at now: MonotonicClock.Instant, failure: Failure? = nil) {
        if var drain = state.drain {
            drain.failure = drain.failure ?? failure
            state.phase = .draining(drain)
            return
        }
        let (received, dropped) = source.statistics()
        let captured = received - min(dropped, received)
        state.phase = .draining(Drain(start: now, captured: captured, dropped: dropped, failure: failure))
    }

    private func counts() -> Counts {
        Counts(
            packets: queue.recordCount, bytes: output.written,
            dropped: state.drain?.dropped ?? source.statistics().dropped, truncated: queue.truncatedCount)
    }

    // MARK: The end

    /// Logs how the capture has ended, and returns the exit status.
    func finish(_ outcome: LoopState.Outcome) -> ExitStatus {
        // Takes the kernel's counts if nobody has asked for a stop.
        startDraining(at: MonotonicClock.now())
        let captured = max(state.drain?.captured ?? 0, queue.recordCount)
        let lost = queue.countRecords() + captured - queue.recordCount
        let failure = failure(outcome, lost: lost)
        if let failure {
            let isWhole = output.truncatePartialRecord(queue.partialRecordLength)
            let rest: ByteString = isWhole ? "" : "; its last record is incomplete"
            log.error("capture failed") { line in
                line.add("error", "\(failure.description)\(rest)")
                line.add("lost", lost)
            }
        } else if outcome == .readerGone {
            StopReason.readerGone.report(to: log)
        }
        var counts = counts()
        counts.packets = captured
        counts.lost = lost
        reports.summarize(counts)
        return failure == nil ? .success : .failure
    }

    private func failure(_ outcome: LoopState.Outcome, lost: UInt64) -> Failure? {
        if case .outputFailed(let error) = outcome {
            return Failure("failed to write to standard output: \(error.description)")
        }
        if let failure = state.drain?.failure { return failure }
        switch outcome {
        case .abandoned(let reason): return Failure(reason.description)
        case .complete where lost > 0: return Failure("the kernel did not hand over all that it had captured")
        default: return nil
        }
    }
}
