import DequeModule

/// The records of one stream that wait to be merged.
@safe struct StreamQueue {
    let id: StreamID
    /// Whether nothing more comes.
    var isClosed = false
    /// The latest time stamp that it has shown.
    private(set) var latest: UInt64 = 0
    /// The time stamp of the first record that waits; without meaning if none does.
    private(set) var headTime: UInt64 = 0

    /// The bytes of the first batch that waits, which keeps them; and where in them the first record stands that waits.
    private var bytes = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private var offset = 0
    private var waiting: Deque<(batch: RecordBatch, arrival: ContinuousClock.Instant)> = []

    /// Records that follow each other in the first batch.
    struct Run {
        /// Where they stand in the batch.
        let range: Range<Int>
        let count: Int
        /// How many are earlier than one given out before, be it of another stream.
        let late: Int
        /// The latest time stamp given out, by this run or before.
        let newest: UInt64
        /// The time stamp of its last record.
        let last: UInt64
    }

    init(id: StreamID) {
        self.id = id
    }

    /// Whether no record waits.
    var isEmpty: Bool { waiting.isEmpty }

    /// The latest time stamp of the batches that had come by then.
    func latest(arrivedBy time: ContinuousClock.Instant) -> UInt64? {
        waiting.prefix { $0.arrival <= time }.map(\.batch.latest).max()
    }

    /// Takes a batch, of one record at least; gives the memory that it holds, in bytes.
    mutating func append(_ batch: RecordBatch, at now: ContinuousClock.Instant) -> Int {
        latest = max(latest, batch.latest)
        waiting.append((batch, now))
        if waiting.count == 1 { openFirst() }
        return batch.bufferedBytes
    }

    /// The records at the start, one at least, that are not later than `limit`. There must be one.
    func run(upTo limit: UInt64, after newest: UInt64) -> Run {
        var (end, count, late, newest, last) = (offset, 0, 0, newest, headTime)
        repeat {
            let header = unsafe RecordHeader(bytes, at: end)
            if count > 0 && header.time > limit { break }
            last = header.time
            count &+= 1
            if last < newest { late &+= 1 } else { newest = last }
            end &+= header.recordLength
        } while unsafe end < bytes.count
        return Run(range: offset..<end, count: count, late: late, newest: newest, last: last)
    }

    /// The bytes of a run, until it is dropped.
    func bytes(of run: Run) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[run.range])
    }

    /// Takes away a run; gives the memory that became free, in bytes.
    mutating func drop(_ run: Run) -> Int {
        offset = run.range.upperBound
        guard unsafe offset == bytes.count else {
            headTime = unsafe RecordHeader(bytes, at: offset).time
            return 0
        }
        let freed = waiting.removeFirst().batch.bufferedBytes
        openFirst()
        return freed
    }

    private mutating func openFirst() {
        offset = 0
        guard let first = waiting.first else { return }
        unsafe bytes = first.batch.bytes
        headTime = unsafe RecordHeader(bytes, at: 0).time
    }
}
