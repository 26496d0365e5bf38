/// The counts of a capture.
struct Counts: Equatable {
    /// The number of packets that matched and were read from the ring. At the end also packets left in the ring.
    var packets: UInt64
    /// The number of bytes that standard output has accepted.
    let bytes: Int
    /// The number of packets that the kernel dropped because the ring was full.
    let dropped: UInt64
    /// The number of packets that are longer than the snaplen and were truncated.
    let truncated: UInt64
    /// The number of captured packets that standard output has not accepted.
    var lost: UInt64 = 0

    /// Adds the counts to a line of the log.
    fileprivate func add(to line: inout LogLine) {
        line.add("packets", packets)
        line.add("bytes", bytes)
        line.add("dropped", dropped)
        line.add("truncated", truncated)
        if lost > 0 { line.add("lost", lost) }
    }
}

/// Reports the counts in the log: on request, at intervals, and at the end.
struct Reports {
    private let log: Log
    /// Whether dropped packets have been reported.
    private var hasWarned = false
    /// The moment of the next check for dropped packets.
    private var nextDropCheck: MonotonicClock.Instant
    /// The moment of the next line of progress.
    private var nextProgressLine: MonotonicClock.Instant

    /// The interval of checks for dropped packets, while packets come.
    private static let dropCheckInterval = Duration.milliseconds(250)
    /// The interval of progress in a verbose log.
    private static let progressInterval = Duration.seconds(5)

    /// Begins to report at a moment.
    init(_ log: Log, at now: MonotonicClock.Instant) {
        self.log = log
        nextDropCheck = now
        nextProgressLine = now + Self.progressInterval
    }

    /// Returns whether a check or a line of progress is due.
    func isDue(at now: MonotonicClock.Instant) -> Bool {
        now >= nextDropCheck || log.isVerbose && now >= nextProgressLine
    }

    /// The moment at which the loop must wake up for a report. Drops need no wake-up of their own, because packets and
    /// waits for the output wake up the loop.
    var nextReport: MonotonicClock.Instant { log.isVerbose ? nextProgressLine : .distantFuture }

    /// Warns of the first dropped packets. Logs the counts if they are requested or a line of progress is due.
    ///
    /// - Parameters:
    ///   - counts: The counts.
    ///   - now: The present moment.
    ///   - isRequested: Whether a signal has requested the counts.
    mutating func report(_ counts: Counts, at now: MonotonicClock.Instant, isRequested: Bool) {
        nextDropCheck = now + Self.dropCheckInterval
        if counts.dropped > 0 && !hasWarned {
            hasWarned = true
            log.warn("kernel dropped packets, they come faster than they are taken") {
                $0.add("dropped", counts.dropped)
            }
        }
        if isRequested { log.info("capturing") { counts.add(to: &$0) } }
        if log.isVerbose && now >= nextProgressLine {
            nextProgressLine = now + Self.progressInterval
            log.debug("capturing") { counts.add(to: &$0) }
        }
    }

    /// Logs the counts at the end.
    func summarize(_ counts: Counts) {
        log.info("stopped capture") { counts.add(to: &$0) }
    }
}
