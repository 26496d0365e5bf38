import CLinux

/// Moves packets from the ring to standard output until something ends that.
///
/// One loop, one wait. The ring is looked into when the buffer is empty; the buffer is emptied as far as the output takes
/// it; then the pump sleeps until there is something to do. It never sleeps inside a write, so that a reader that has
/// stopped reading keeps it neither from ending nor from saying what is lost.
@safe public final class Pump {
    private var capture: Capture
    /// Stays in place while the buffer's sink points to it.
    private let output: UnsafeMutablePointer<Output>
    private var watch: SessionWatch
    private var buffer: RecordBuffer
    private let log: Log
    /// What the loop uses besides the standard streams.
    public let descriptors: Sandbox.Descriptors
    private var ending: Ending?
    private var reports: Reports
    private var patience = Patience()
    private var drained = Capture.Drained.left
    private var isRingEmpty: Bool { drained != .left }

    /// How the pump came to its end.
    private enum Outcome {
        /// A stop was asked for, or nobody is left to read; all that had to be written was.
        case stopped
        case failed(CaptureFailure)
    }

    /// Takes everything that the loop needs, memory included.
    public init(
        _ capture: consuming Capture, to output: consuming Output, watching session: SSHSession?, log: Log
    ) throws(SetupFailure) {
        let header = try capture.fileHeader()
        // nohup(1) asks to outlive the session, unless it is the daemon that ignores SIGHUP.
        let isDetached = Signals.isHangupIgnored && session?.daemonIgnoresHangup != true
        let watch = SessionWatch(output.isStream && !isDetached ? session : nil)
        descriptors = Sandbox.Descriptors(capture: capture.descriptor, watch: watch.descriptors)
        self.watch = watch
        let place = UnsafeMutablePointer<Output>.allocate(capacity: 1)
        unsafe place.initialize(to: output)
        unsafe self.output = place
        buffer = unsafe RecordBuffer(
            fileHeader: header, snaplen: capture.snaplen, output: place, handle: capture.handle)
        reports = Reports(log)
        self.capture = capture
        self.log = log
    }

    /// Runs to the end, logs it and ends the process: from inside the sandbox there is nothing else left to do.
    public func run() -> Never {
        // A line among the records would spoil the file.
        if log.extent == .errors { log.extent = .nothing }
        switch loop() {
        case .stopped:
            summarize(lost: 0)
            Agent.end(.success)
        case .failed(let failure):
            log.error("capture failed") { $0.add("error", failure.description) }
            summarize(lost: discardRest())
            Agent.end(.failure)
        }
    }

    private func loop() -> Outcome {
        while true {
            attend()
            if buffer.isEmpty { drain() }
            let result: Output.Result = unsafe buffer.isEmpty ? .progress : output.pointee.write(&buffer)
            switch result {
            case .progress: patience = Patience()
            case .readerGone: return readerGone()
            case .failed(let error): return failed("failed to write to standard output: \(error.description)")
            case .waitForReadiness, .waitForTime: break
            }
            if let ending, let outcome = outcome(of: ending) { return outcome }
            if result == .progress, !(buffer.isEmpty && isRingEmpty) { continue }
            if wait(for: result) == .readerGone { return readerGone() }
        }
    }

    /// Fills the buffer from the ring. A capture that fails, as when its interface goes, ends like one that is stopped:
    /// the ring may still hold packets from before.
    private func drain() {
        do {
            drained = try unsafe capture.drain(into: buffer.sink)
        } catch {
            drained = .empty
            if ending == nil { beginEnding() }
            ending?.failure = error
        }
        buffer.markPassedOn()
    }

    // MARK: Ending

    /// A stop that has been asked for. Packets that the kernel had captured by then are still written.
    private struct Ending {
        /// How many packets that is, counted from the start of the capture.
        let packets: UInt64
        /// When it was asked for; all times are on the monotonic clock in milliseconds.
        let start: Int64
        /// When the last of them has been handed over at the latest. Where the kernel's count is exact this is only a way
        /// out; else it is known by the block timeout.
        let handedOverBy: Int64
        /// When even a full ring has been emptied, though packets keep coming.
        let emptiedBy: Int64
        /// When to give up on a reader that takes none.
        var latest: Int64
        /// Why nobody had to ask for it.
        var failure: CaptureFailure?
    }

    /// Milliseconds that a stop may take, less what the kernel needs to release the packet socket.
    private static let longestEnding: Int64 = 1200

    /// Milliseconds for counting what is lost.
    private static let longestDiscarding: Int64 = 300
    /// Milliseconds that a block's timeout may take on a machine that is very busy.
    private static let longestHandover: Int64 = 800
    /// Milliseconds in which libpcap applies any filter to a whole ring.
    private static let longestEmptying: Int64 = 500

    /// Within this time a second signal is taken for the first: timeout(1) and terminals send it twice.
    private static let sameSignal: Int64 = 200

    private func beginEnding() {
        let statistics = capture.statistics()
        let now = MonotonicClock.now()
        ending = Ending(
            packets: statistics.received - min(statistics.dropped, statistics.received),
            start: now,
            handedOverBy: now + (capture.isCountExact ? Self.longestHandover : 3 * Int64(Capture.blockTimeout)),
            emptiedBy: capture.isCountExact ? .max : now + Self.longestEmptying,
            latest: now + Self.longestEnding)
    }

    private func outcome(of ending: Ending) -> Outcome? {
        let isComplete = hasTakenAll(ending) && buffer.isEmpty
        guard isComplete || MonotonicClock.now() >= ending.latest else { return nil }
        if let failure = ending.failure { return .failed(failure) }
        return isComplete ? .stopped : failed("standard output took nothing more, its reader does not read")
    }

    /// Whether what the kernel had captured when the ending began has been taken from the ring.
    private func hasTakenAll(_ ending: Ending) -> Bool {
        if unsafe buffer.sink.pointee.packets >= ending.packets { return true }
        let now = MonotonicClock.now()
        return (isRingEmpty && now >= ending.handedOverBy) || now >= ending.emptiedBy
    }

    private func readerGone() -> Outcome {
        log.info("reader of standard output is gone, stopping capture")
        return .stopped
    }

    private func failed(_ reason: ByteString) -> Outcome {
        let isWhole = unsafe output.pointee.cutBack(buffer.splitLength)
        return .failed(CaptureFailure("\(reason)\(isWhole ? "" : "; its last record is incomplete")"))
    }

    /// Takes what is left in the ring, so that it can be counted. Returns how many packets are not written.
    private func discardRest() -> UInt64 {
        let unsent = buffer.countUnsentRecords()
        let before = unsafe buffer.sink.pointee.packets
        if ending == nil { beginEnding() }
        let limit = MonotonicClock.now() + Self.longestDiscarding
        while let ending, !hasTakenAll(ending), MonotonicClock.now() < limit {
            buffer.discard()
            drain()
            if isRingEmpty { cf_pcap_wait(nil, 0, 1000) }
        }
        return unsafe unsent + buffer.sink.pointee.packets - before
    }

    private func summarize(lost: UInt64) {
        var counts = counts(capture.statistics())
        counts.lost = lost
        reports.summary(counts)
    }

    // MARK: What happens besides

    /// Answers signals, looks after the session, reports.
    private func attend() {
        let signals = Signals.take()
        if let stop = signals.stop {
            stopOn(stop)
        }
        let now = MonotonicClock.now()
        if reports.isDue(at: now) || signals.wantsReport {
            reports.report(counts(capture.statistics()), at: now, isAskedFor: signals.wantsReport)
        }
        if ending == nil, now >= watch.nextLook, !watch.look() {
            log.info("SSH session ended, stopping capture")
            beginEnding()
        }
    }

    private func stopOn(_ stop: Signals.Stop) {
        guard let start = ending?.start else {
            stop.describe(in: log)
            return beginEnding()
        }
        if MonotonicClock.now() - start < Self.sameSignal { return }
        log.info("received another signal, stopping at once") { $0.add("signal", stop.name) }
        ending?.latest = start
    }

    private func counts(_ statistics: (received: UInt64, dropped: UInt64)) -> Counts {
        unsafe Counts(
            packets: buffer.sink.pointee.packets, bytes: output.pointee.written, dropped: statistics.dropped,
            truncated: buffer.sink.pointee.truncated)
    }

    // MARK: Waiting

    private enum Woken {
        case toGoOn, readerGone
    }

    /// Sleeps until there are packets (after `.progress`, but not for a while in a burst) or room in the output (else), a
    /// signal comes, something is due, or the reader goes. The corresponding C function is `ppoll`.
    private func wait(for result: Output.Result) -> Woken {
        let isBlocked = result != .progress
        let isResting = !isBlocked && drained == .emptyInBurst && ending == nil
        var entries = (
            pollfd(fd: STDOUT_FILENO, events: result == .waitForReadiness ? Int16(POLLOUT) : 0, revents: 0),
            pollfd(fd: isBlocked || isResting ? -1 : capture.descriptor, events: Int16(POLLIN), revents: 0)
        )
        // A regular file is always ready, which is no reason to wake up.
        let isStream = unsafe output.pointee.isStream
        if !isStream && !isBlocked { entries.0.fd = -1 }
        let retry = isBlocked ? patience.next() : isResting ? Self.rest : nil
        let limit = timeout(retry, isBlocked: isBlocked)
        let ready = unsafe withUnsafeMutableBytes(of: &entries) { entries in
            unsafe cf_pcap_wait(entries.assumingMemoryBound(to: pollfd.self).baseAddress, 2, limit)
        }
        drained = .left
        let trouble = Int16(POLLERR | POLLHUP | POLLNVAL)
        if ready > 0 && entries.1.revents & trouble != 0 { capture.noteError() }
        let isGone = ready > 0 && isStream && entries.0.revents & trouble != 0
        return isGone ? .readerGone : .toGoOn
    }

    /// Microseconds for which a burst of large packets is left alone: they fill block after block, and to be woken up for
    /// each takes time from those who are sending and receiving them. At 8 Gbit/s it fills a twentieth of the ring.
    private static let rest: Int64 = 1000

    /// Microseconds until the next thing is due, or `retry` if that is less; negative where nothing is.
    private func timeout(_ retry: Int64?, isBlocked: Bool) -> Int64 {
        let now = MonotonicClock.now()
        var next = reports.nextDue(whileBlocked: isBlocked)
        if ending == nil { next = min(next, watch.nextLook) }
        if let ending { next = min(next, now < ending.handedOverBy ? ending.handedOverBy : ending.latest) }
        if capture.isInterfaceDown { next = min(next, now + Self.interfaceInterval) }
        guard next < .max else { return retry ?? -1 }
        return min(max(next - now, 0) * 1000, retry ?? .max)
    }

    /// How often to look whether an interface that is down has gone or is up again, in milliseconds.
    private static let interfaceInterval: Int64 = 100
}
