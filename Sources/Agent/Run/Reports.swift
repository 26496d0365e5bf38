/// What a capture has come to.
struct Counts: Equatable {
    /// Packets that matched and were taken from the ring, at the end also those that are left there.
    var packets: UInt64
    /// Bytes that standard output has taken.
    let bytes: Int
    /// Packets that found no room in the ring; those that do not match among them where the kernel does not filter.
    let dropped: UInt64
    /// Packets of which only snaplen bytes were kept.
    let truncated: UInt64
    /// Packets that were captured and that standard output did not take.
    var lost: UInt64 = 0

    fileprivate func add(to line: inout LogLine) {
        line.add("packets", packets)
        line.add("bytes", bytes)
        line.add("dropped", dropped)
        line.add("truncated", truncated)
        if lost > 0 { line.add("lost", lost) }
    }
}

/// Says how the capture is going.
struct Reports {
    private let log: Log
    private var hasWarned = false
    private var nextCheck: MonotonicClock.Instant
    private var nextProgress: MonotonicClock.Instant

    /// Between looks for drops while there are packets, and between reports of progress.
    private static let checkInterval = Duration.milliseconds(250)
    private static let progressInterval = Duration.seconds(5)

    init(_ log: Log) {
        self.log = log
        let now = MonotonicClock.now()
        nextCheck = now
        nextProgress = now + Self.progressInterval
    }

    func isDue(at now: MonotonicClock.Instant) -> Bool {
        now >= nextCheck || log.isVerbose && now >= nextProgress
    }

    /// When there will be something to report even if no packet comes. The kernel drops packets only when there are
    /// packets, and those wake the pump.
    var nextDue: MonotonicClock.Instant { log.isVerbose ? nextProgress : .distantFuture }

    mutating func report(_ counts: Counts, at now: MonotonicClock.Instant, isAskedFor: Bool) {
        nextCheck = now + Self.checkInterval
        if counts.dropped > 0 && !hasWarned {
            hasWarned = true
            log.warn("kernel dropped packets, they come faster than they are taken") {
                $0.add("dropped", counts.dropped)
            }
        }
        if isAskedFor { log.info("capturing") { counts.add(to: &$0) } }
        if log.isVerbose && now >= nextProgress {
            nextProgress = now + Self.progressInterval
            log.debug("capturing") { counts.add(to: &$0) }
        }
    }

    func summary(_ counts: Counts) {
        log.info("stopped capture") { counts.add(to: &$0) }
    }
}
