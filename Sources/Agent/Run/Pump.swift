import CLinux

/// Moves packets from the ring to standard output until something ends that.
///
/// One loop: what is due is done, packets are taken into the queue while it has room, the output gets what it takes, and
/// one wait follows. Nothing else waits, so that a reader that stands still keeps the agent neither from ending nor from
/// saying what is lost.
public final class Pump {
    private var capture: Capture
    private var output: Output
    private var queue: RecordQueue
    private let stops: StopSource
    private var reports: Reports
    private let log: Log

    private var ending: Ending?
    /// Why the capture ended by itself, such as an interface that is gone.
    private var failure: Failure?
    private var isFirstSignal = true
    private var (isLive, isReaderGone, isRingEmpty) = (false, false, false)
    private var (lastTaken, lastLook) = (MonotonicClock.now(), MonotonicClock.now())
    private var backoff = Backoff()

    /// Takes everything that the loop needs, memory included.
    public init(
        _ capture: consuming Capture, to output: consuming Output, until stops: StopSource, log: Log
    ) throws(Failure) {
        queue = RecordQueue(fileHeader: try capture.fileHeader(), snaplen: capture.snaplen)
        reports = Reports(log)
        self.capture = capture
        self.output = output
        self.stops = stops
        self.log = log
    }

    /// Enters the sandbox, runs to the end, logs it and ends the process: there is nothing else left to do in there.
    public func run() throws(Failure) -> Never {
        let used = stops.descriptors
        try Sandbox.enter(capture: capture.descriptor, signals: used.signals, socketTables: used.socketTables)
        // A line among the records would spoil the file.
        if log.threshold == .errors { log.threshold = .nothing }
        do throws(Failure) {
            try loop()
            summarize(lost: countLost())
            Agent.end(.success)
        } catch {
            let lost = countLost()
            let isWhole = output.cutBack(queue.splitLength)
            log.error("capture failed") { line in
                line.add("error", isWhole ? error.description : "\(error.description); its last record is incomplete")
                line.add("lost", lost)
            }
            summarize(lost: lost)
            Agent.end(.failure)
        }
    }

    private func loop() throws(Failure) {
        while true {
            attend(at: MonotonicClock.now())
            let now = MonotonicClock.now()
            if ending != nil { isRingEmpty = false }  // The last look may be old: the log waits for its reader.
            if wantsPackets(at: now) { take(at: now) }
            let isWriting = !queue.isEmpty
            let result = isWriting ? output.write(&queue) : .progress
            switch result {
            case .progress: noteTaken(at: now)
            case .readerGone: isReaderGone = true
            case .failed(let error): throw Failure("failed to write to standard output: \(error.description)")
            case .waitForReadiness, .waitForTime: break
            }
            if isReaderGone {
                if let failure { throw failure }
                return StopReason.readerGone.report(to: log)
            }
            switch ending?.decide(progress(at: now)) {
            case nil, .goOn: wait(for: result, at: now)
            case .done:
                if let failure { throw failure }
                guard countLost() == 0 else { throw Failure("the kernel did not hand over all that it had captured") }
                return
            case .giveUp(let reason): throw failure ?? Failure(reason.description)
            }
        }
    }

    /// The first that the output takes is the file header.
    private func noteTaken(at now: MonotonicClock.Instant) {
        (lastTaken, backoff) = (now, Backoff())
        if isLive || ending != nil { return }
        isLive = true
        log.info("capturing, stop with Ctrl-C or pkill -INT cf-pcap") { $0.add("interface", capture.interface.name) }
    }

    // MARK: Packets

    /// What the output does not take waits in the ring, but for a batch. Behind a reader that is slower than a batch a
    /// second the queue takes more: the ring has room for 80 block timeouts of time, however little is in each block.
    private func wantsPackets(at now: MonotonicClock.Instant) -> Bool {
        if isRingEmpty || !queue.hasRoom { return false }
        if let ending, ending.hasAll(progress(at: now)) { return false }
        return queue.isEmpty || now - min(lastTaken, lastLook) >= .seconds(1)
    }

    /// A capture that fails, as when its interface goes, ends like one that is stopped: what came before may still be in
    /// the ring, and libpcap hands it over at a later look.
    private func take(at now: MonotonicClock.Instant) {
        lastLook = now
        do throws(Failure) {
            isRingEmpty = try queue.take(from: capture)
        } catch {
            isRingEmpty = true
            failure = failure ?? error
            beginEnding(at: now)
        }
    }

    // MARK: Ending

    private func beginEnding(at now: MonotonicClock.Instant) {
        if ending != nil { return }
        let (received, dropped) = capture.statistics()
        // Packets that matched and found room in the ring.
        let captured = received - min(dropped, received)
        ending = Ending(at: now, captured: captured, dropped: dropped)
    }

    private func progress(at now: MonotonicClock.Instant) -> Ending.Progress {
        Ending.Progress(
            now: now, handedOver: queue.added, isRingEmpty: isRingEmpty, isQueueEmpty: queue.isEmpty,
            lastTaken: lastTaken)
    }

    /// Counts the packets that were captured by the stop, or by now if there was none, and are not written.
    private func countLost() -> UInt64 {
        beginEnding(at: lastTaken)
        let left = max(ending?.captured ?? 0, queue.added) - queue.added
        return queue.countRecords() + left
    }

    private func summarize(lost: UInt64) {
        var counts = counts()
        counts.lost = lost
        counts.packets = max(ending?.captured ?? 0, counts.packets)
        reports.summary(counts)
    }

    // MARK: Signals, session, reports

    private func attend(at now: MonotonicClock.Instant) {
        var isAskedFor = false
        while let event = stops.next(at: now) {
            switch event {
            case .report: isAskedFor = true
            case .stop(.readerGone): isReaderGone = true
            case .stop(.signal(let name)): stop(on: name, at: now)
            case .stop(.sessionEnded):
                if ending == nil { StopReason.sessionEnded.report(to: log) }
                beginEnding(at: now)
            }
        }
        if isAskedFor || reports.isDue(at: now) { reports.report(counts(), at: now, isAskedFor: isAskedFor) }
    }

    private func stop(on signal: ByteString, at now: MonotonicClock.Instant) {
        beginEnding(at: now)
        if ending?.noteSignal(at: now) == true {
            log.info("received another signal, stopping at once") { $0.add("signal", signal) }
        } else if isFirstSignal {
            isFirstSignal = false
            StopReason.signal(signal).report(to: log)
        }
    }

    private func counts() -> Counts {
        Counts(
            packets: queue.added, bytes: output.written, dropped: ending?.dropped ?? capture.statistics().dropped,
            truncated: queue.truncated)
    }

    // MARK: Waiting

    /// Sleeps until there are packets for which there is room, room in the output, a signal, or something is due; looks
    /// only where there is work left. The corresponding C function is `ppoll`.
    private func wait(for result: Output.Result, at now: MonotonicClock.Instant) {
        let isBlocked = result != .progress
        let hasWork = wantsPackets(at: now) || (!isBlocked && !queue.isEmpty)
        let deadline = hasWork ? now : deadline(isBlocked: isBlocked, at: now)
        if isBlocked {
            _ = stops.wait(for: STDOUT_FILENO, result == .waitForReadiness ? POLLOUT : 0, until: deadline)
        } else if stops.wait(for: isRingEmpty ? capture.descriptor : -1, POLLIN, until: deadline) {
            isRingEmpty = false
        }
        if isBlocked || capture.isInterfaceDown { isRingEmpty = false }
    }

    /// How often to ask what becomes of an interface that is down.
    private static let interfaceInterval = Duration.milliseconds(100)

    /// When the next thing is due.
    private func deadline(isBlocked: Bool, at now: MonotonicClock.Instant) -> MonotonicClock.Instant {
        var next = min(reports.nextDue, now + .seconds(3600))
        if let ending { next = min(next, ending.nextDecision(progress(at: now))) }
        if capture.isInterfaceDown { next = min(next, now + Self.interfaceInterval) }
        return isBlocked ? min(next, now + backoff.next()) : next
    }
}
