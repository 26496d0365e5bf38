import CLinux

/// Runs a started capture in the sandbox to its end, and ends the process.
///
/// - Parameters:
///   - capture: The capture.
///   - output: The output for the packets.
///   - stops: The reasons to stop.
///   - log: The log.
/// - Throws: The reason, if the loop cannot begin or the sandbox cannot be entered.
public func run(
    _ capture: consuming Capture, to output: consuming Output, until stops: StopSource, log: Log
) throws(Failure) -> Never {
    try CaptureLoop(capture, to: output, until: stops, log: log).run()
}

/// Moves packets from the ring to standard output until there is a reason to stop or a failure.
///
/// The way of a packet:
///
/// 1. The kernel runs the filter and copies the packet into the ring of the packet socket.
/// 2. When a block of the ring is full or its timeout has passed, the socket is readable. A wait for packets ends.
/// 3. ``readRing(at:)`` has libpcap pass the packet to the queue, which copies it behind the last record.
/// 4. ``write(at:)`` offers the output bytes from the front of the queue. A pipe is offered the whole records for which
///    it has space, and a socket up to 32 kB of whole records, of which it may accept a part. A record that does not
///    fit into an empty pipe, or into 32 kB for a socket, is offered in parts. These writes do not wait. A file or a
///    device is offered up to 256 kB, and the write waits for it.
/// 5. While the queue has bytes left, later packets stay in the ring, with two exceptions after a second if the queue
///    has free space (``LoopState/shouldReadRing(into:at:)``).
/// 6. After a signal, the end of the session or a failure of the interface, the loop continues until it has written all
///    packets captured before, the output fails, or ``Drain`` abandons the rest. It expects no more packets from a ring
///    that is empty ``Drain/blockRetirement`` after the stop, even if the kernel counted more. If the reader of
///    standard output is gone, the loop ends at once.
final class CaptureLoop<Source: PacketSource & ~Copyable> {
    private var source: Source
    private var output: Output
    /// The packets that are read and not written.
    private var queue: RecordQueue
    private let stops: StopSource
    /// The reports of the counts.
    private var reports: Reports
    private let log: Log
    /// The phase, and the moments on which decisions depend.
    private var state: LoopState

    /// Allocates the memory for packets.
    ///
    /// In the sandbox, only log lines, checks of the session and decisions of a drain allocate more.
    ///
    /// - Throws: The reason, if the file header cannot be made.
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

    /// Enters the sandbox, runs the loop to its end, logs the result and ends the process.
    ///
    /// The sandbox leaves no system calls for another task, so the function does not return.
    ///
    /// - Throws: The reason, if the sandbox cannot be entered.
    func run() throws(Failure) -> Never {
        let used = stops.descriptors
        try Sandbox.enter(capture: source.descriptor, signals: used.signals, socketTables: used.socketTables)
        // Standard error leads to the same file as standard output. A line between records would damage the capture.
        if log.threshold == .errors { log.threshold = .nothing }
        Agent.end(finish(runLoop()))
    }

    /// Runs the loop to the end of the capture.
    func runLoop() -> LoopState.Outcome {
        while true {
            handleEvents(at: MonotonicClock.now())
            let now = MonotonicClock.now()
            if queue.isEmpty { state.lastOutputProgress = now }
            // Writing the log may have waited, so read the ring again before deciding.
            if state.drain != nil { state.isRingEmpty = false }
            if state.shouldReadRing(into: queueStatus, at: now) { readRing(at: now) }
            let result = write(at: now)
            let step = state.next(
                queueStatus, after: result, isInterfaceDown: source.isInterfaceDown, nextReport: reports.nextReport,
                at: now)
            switch step {
            case .proceed: break
            case .wait(let awaited, let deadline): wait(for: awaited, until: deadline)
            case .end(let outcome): return outcome
            }
        }
    }

    /// The state of the queue.
    private var queueStatus: LoopState.QueueStatus {
        LoopState.QueueStatus(
            isEmpty: queue.isEmpty, hasFreeSpace: queue.hasFreeSpace, packetsRead: queue.recordCount)
    }

    // MARK: The data path

    /// Adds packets from the ring to the queue.
    ///
    /// Begins to drain if the source fails, as when its interface is deleted: libpcap may still return packets that
    /// came before.
    private func readRing(at now: MonotonicClock.Instant) {
        state.lastRingRead = now
        do throws(Failure) {
            state.isRingEmpty = try source.read(into: &queue)
        } catch {
            state.isRingEmpty = true
            startDraining(at: now, failure: error)
        }
    }

    /// Writes from the queue. Logs the beginning of the capture when the output has accepted the file header.
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

    /// Waits for packets, the output or a moment.
    private func wait(for awaited: LoopState.Awaited, until deadline: MonotonicClock.Instant) {
        switch awaited {
        case .packets:
            let hasPackets = stops.wait(for: source.descriptor, POLLIN, until: deadline)
            if hasPackets || source.isInterfaceDown { state.isRingEmpty = false }
        case .output: _ = stops.wait(for: output.descriptor, POLLOUT, until: deadline)
        case .time: _ = stops.wait(for: -1, 0, until: deadline)
        }
        state.lastWait = MonotonicClock.now()
    }

    // MARK: Reasons to stop, and reports

    /// Handles all events that have occurred, and reports the counts if a report is due.
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

    /// Handles a reason to stop.
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

    /// Begins to drain. If the loop drains already, records only the failure, unless one is recorded.
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

    /// Returns the counts so far.
    private func counts() -> Counts {
        Counts(
            packets: queue.recordCount, bytes: output.written,
            dropped: state.drain?.dropped ?? source.statistics().dropped, truncated: queue.truncatedPacketCount)
    }

    // MARK: The end

    /// Logs the end of the capture, and returns the exit status.
    func finish(_ outcome: LoopState.Outcome) -> ExitStatus {
        // Takes the kernel's counts now if there was no stop.
        startDraining(at: MonotonicClock.now())
        let captured = max(state.drain?.captured ?? 0, queue.recordCount)
        let lost = queue.countPendingRecords() + captured - queue.recordCount
        let failure = failure(outcome, lost: lost)
        if let failure {
            let isWhole = output.removePartialRecord(queue.partialRecordLength)
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

    /// Returns the failure with which the capture ends, or nil if it ends without one.
    ///
    /// - Parameters:
    ///   - outcome: The outcome of the loop.
    ///   - lost: The number of captured packets that are not written.
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
