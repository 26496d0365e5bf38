/// The counts of a capture.
struct Counts: Equatable {
    /// The number of packets that matched and were read from the ring; at the end also those that are left in the ring.
    var packets: UInt64
    /// The number of bytes that standard output has accepted.
    let bytes: Int
    /// The number of packets for which the ring had no space.
    let dropped: UInt64
    /// The number of packets of which only snaplen bytes were kept.
    let truncated: UInt64
    /// The number of captured packets that standard output did not accept.
    var lost: UInt64 = 0

    fileprivate func add(to line: inout LogLine) {
        line.add("packets", packets)
        line.add("bytes", bytes)
        line.add("dropped", dropped)
        line.add("truncated", truncated)
        if lost > 0 { line.add("lost", lost) }
    }
}

/// Reports the counts in the log: when they are requested, at intervals, and at the end.
struct Reports {
    private let log: Log
    private var hasWarned = false
    private var nextDropCheck: MonotonicClock.Instant
    private var nextProgressLine: MonotonicClock.Instant

    /// The interval in which the kernel is asked for its count of dropped packets, while packets come.
    private static let dropCheckInterval = Duration.milliseconds(250)
    /// The interval of progress in a verbose log.
    private static let progressInterval = Duration.seconds(5)

    init(_ log: Log, at now: MonotonicClock.Instant) {
        self.log = log
        nextDropCheck = now
        nextProgressLine = now + Self.progressInterval
    }

    /// Returns whether it is time for a check or for progress.
    func isDue(at now: MonotonicClock.Instant) -> Bool {
        now >= nextDropCheck || log.isVerbose && now >= nextProgressLine
    }

    /// The moment of the next report even if no packet comes. The kernel drops packets only when there are packets, which
    /// wake the loop, or while the loop waits for the output, which it asks every 32 ms.
    var nextReport: MonotonicClock.Instant { log.isVerbose ? nextProgressLine : .distantFuture }

    /// Warns of the first drop, and logs the counts if they are requested or progress is due.
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
