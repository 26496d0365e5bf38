internal import CMemory
import DequeModule

/// The records of one stream that wait to be merged.
@safe struct StreamQueue {
    let id: StreamID
    /// Whether no more records come.
    var isClosed = false
    /// The latest time stamp that the stream has shown: records of other streams up to it do not wait for this stream.
    ///
    /// Falls when the time stamps step back. A batch that is implausibly far ahead (``StreamClock/add(_:count:at:margin:)``)
    /// does not raise it; one in the stream's first 2 seconds does, until the time stamps step back.
    private(set) var latest: UInt64 = 0
    /// The time stamp by which the first waiting record is merged; undefined if none waits.
    private(set) var headTime: UInt64 = 0
    /// The time stamp of the last record given out, but for a single one far ahead.
    private(set) var lastGiven: UInt64 = 0
    private(set) var clock = StreamClock()
    /// The latest time stamp given out, but for a single one far ahead.
    private var greatestGiven: UInt64 = 0

    /// The bytes of the first waiting segment, which keeps them, and the place in them of the first waiting record.
    private var bytes = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private var offset = 0
    /// The header of the first waiting record; undefined if none waits.
    private var head = RecordHeader(time: 0, captured: 0, original: 0)
    /// The header of the record behind it in its segment; undefined if there is none.
    private var following = RecordHeader(time: 0, captured: 0, original: 0)
    /// The ceiling of the first waiting segment. It is read at every record run, where the queue's place is too far away.
    private var ceiling = UInt64.max
    private var segments: Deque<BatchSegment> = []
    /// The latest time stamp of the segment that came last, waiting or not.
    private var lastShown: UInt64 = 0
    private var hasGiven = false
    /// A time stamp far ahead that was given out last; a second one makes it the stream's.
    private var isLastGivenAhead = false

    init(id: StreamID) {
        self.id = id
    }

    /// The memory of the waiting records, in bytes.
    private(set) var bufferedBytes = 0

    /// Whether no record waits.
    var isEmpty: Bool { segments.isEmpty }

    /// Returns the time stamps of the records that had come by then, from the first to the latest; nil if none had.
    func waiting(since time: ContinuousClock.Instant) -> ClosedRange<UInt64>? {
        let latest = segments.prefix { $0.hasWaited || $0.arrival <= time }.map { min($0.latest, $0.ceiling) }.max()
        return latest.map { min(headTime, $0)...$0 }
    }

    /// Adds a batch of one record at least, which came at `arrival` and waits since `now`.
    mutating func append(
        _ batch: RecordBatch, at now: ContinuousClock.Instant, arrival: ContinuousClock.Instant, hold: Duration
    ) {
        bufferedBytes += batch.bufferedBytes
        for segment in batch.segments(at: now) {
            let isStepBack = segment.first + RecordBatch.stepBack < lastShown
            if isStepBack {
                lowerCeilings(before: segment)
                clock.reset()
            }
            let isPlausible = clock.add(segment.latest, count: segment.count, at: arrival, margin: hold)
            if isStepBack {
                latest = segment.latest
            } else if isPlausible {
                latest = max(latest, segment.latest)
            }
            lastShown = segment.latest
            segments.append(segment)
        }
        if let first = segments.first, unsafe bytes.baseAddress == nil { open(first) }
    }

    /// Has records with time stamps far ahead wait no longer than the records behind them.
    ///
    /// Lowers the ceilings of the records before `segment`. If the stream steps back to a time that it had reached before,
    /// the records between were stamped ahead. If it steps back further, its clock was set, and those records keep their
    /// time stamps.
    private mutating func lowerCeilings(before segment: BatchSegment) {
        let time = segment.first + RecordBatch.stepBack
        let recent = segments.indices.suffix(Self.longestLookback)
        let start = recent.last { segments[$0].first <= time }
        let isFirst = !hasGiven && segments.count == 1 && segments[0].count <= 2
        guard let start = start ?? (isFirst || hasGiven && lastGiven <= time ? recent.first : nil) else {
            // The new order must not wait behind the old one.
            for index in recent { segments[index].hasWaited = true }
            return
        }
        for index in start..<segments.endIndex {
            segments[index].ceiling = min(segments[index].ceiling, segment.first)
        }
        ceiling = segments[0].ceiling
        headTime = min(headTime, ceiling)
    }

    /// A stream that steps back at every record costs no more than this each time.
    private static let longestLookback = 8

    /// Takes the records at the start, one at least, that are merged by time stamps up to `limit`, and counts in `order`
    /// those that stand behind records of other streams, of which the latest is `newest`. Must not be called if ``isEmpty``.
    ///
    /// The records stay in memory until ``removeSegment()``, which must follow if they are the segment's last ones.
    mutating func takeRun(upTo limit: UInt64, after newest: UInt64, counting order: inout MergeOrder) -> RecordRun {
        let limit = ceiling <= limit ? .max : limit
        let ahead = ceiling == .max ? .max : ceiling &+ RecordBatch.stepBack
        let start = offset
        var (count, last) = (0, headTime)
        repeat {
            let time = head.time
            if time < newest {
                order.addBehind(by: newest &- time, own: max(greatestGiven, last, time) &- time)
            } else if time > ahead {
                order.ahead &+= 1
            }
            last = time
            count &+= 1
            offset &+= head.recordLength
            head = following
            readAhead()
        } while unsafe offset < bytes.count && head.time <= limit
        headTime = min(head.time, ceiling)
        noteGiven(min(last, ceiling))
        let records = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
        return unsafe RecordRun(records: records, count: count, stream: id)
    }

    /// Whether all records of the first segment were taken.
    var isAtSegmentEnd: Bool { unsafe offset == bytes.count }

    /// Removes the first segment, whose records were all taken. Returns the memory that became free, in bytes.
    mutating func removeSegment() -> Int {
        let freed = segments.removeFirst().bufferedBytes
        bufferedBytes -= freed
        unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        if let first = segments.first { open(first) }
        return freed
    }

    private mutating func noteGiven(_ time: UInt64) {
        let isAhead = hasGiven && !isLastGivenAhead && time > lastGiven &+ MergeOrder.longestHoldNanoseconds
        isLastGivenAhead = isAhead
        hasGiven = true
        guard !isAhead else { return }
        lastGiven = time
        greatestGiven = max(greatestGiven, time)
    }

    private mutating func open(_ segment: BatchSegment) {
        offset = 0
        ceiling = segment.ceiling
        unsafe bytes = segment.bytes
        head = unsafe RecordHeader(bytes, at: 0)
        headTime = min(head.time, ceiling)
        readAhead()
    }

    /// Reads the header behind the first waiting record, if there is one, and has the one behind it come near.
    ///
    /// The bytes come from another processor. Waiting for them takes longer than all that is done with a record here.
    @inline(__always)
    private mutating func readAhead() {
        let next = offset &+ head.recordLength
        guard unsafe next < bytes.count else { return }
        following = unsafe RecordHeader(bytes, at: next)
        let last = next &+ following.recordLength
        if unsafe last < bytes.count { unsafe prefetch(bytes.baseAddress?.advanced(by: last)) }
    }
}

extension MergeOrder {
    /// A record that is further behind than the longest hold is not late: its clock is wrong.
    @inline(__always)
    fileprivate static var longestHoldNanoseconds: UInt64 { UInt64(TimeSpan.longestHoldSeconds) &* 1_000_000_000 }

    /// Counts a packet that stands behind one of another stream which is later by `delay` nanoseconds, and behind one of its
    /// own stream by `step`. Where that is not 0 the packet was not waited for: its stream had shown a later time.
    fileprivate mutating func addBehind(by delay: UInt64, own step: UInt64) {
        longestStep = max(longestStep, step)
        if delay > Self.longestHoldNanoseconds {
            misplaced &+= 1
        } else if step > 0 {
            disordered &+= 1
        } else {
            late &+= 1
            longestDelay = max(longestDelay, delay)
        }
    }
}
