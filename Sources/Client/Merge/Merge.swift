internal import HeapModule

/// Merges the records of several streams by their time stamps.
///
/// A record waits until every live stream has shown one that is not earlier, or until it has waited for ``hold``: a
/// silent stream holds nothing back. If memory is full it waits for ``holdWhenFull`` at most, so that streams need not
/// be kept waiting for it. A record that comes later than that is given out where it comes. The order within a stream is
/// kept, and of records with the same time stamp those of the stream that was opened first come first.
///
/// The merge believes no clock. A record that is stamped ahead of those behind it stands where it came, and streams whose clocks
/// differ by more than the hold do not hurry each other.
struct Merge {
    /// The longest time for which a record waits for earlier ones.
    let hold: Duration
    /// The longest time if the memory for waiting records is full. A stream that is busy shows more within that time.
    static let holdWhenFull = Duration.seconds(1)
    /// The memory that waiting records may take, in bytes, besides one batch a stream and the streams' shares, which are half
    /// as much again in all.
    let capacity: Int

    /// The number of records given out so far.
    private(set) var merged = 0
    /// The number of these that are out of order.
    private(set) var order = MergeOrder()
    /// The memory of the waiting records, in bytes.
    private(set) var bufferedBytes = 0

    private var queues: [StreamQueue] = []
    private var opened = 0
    private var leaders = Leaders()

    init(hold: Duration, capacity: Int) {
        self.hold = hold
        self.capacity = capacity
    }

    /// Adds a stream. Until it has shown a record or is closed, the others wait for it.
    mutating func open() -> StreamID {
        defer { opened += 1 }
        queues.append(StreamQueue(id: StreamID(number: opened)))
        return StreamID(number: opened)
    }

    /// Ends a stream: its records are still given out, and nothing waits for it any more.
    mutating func close(_ id: StreamID) {
        if let index = index(of: id) { queues[index].isClosed = true }
    }

    /// Adds records of a stream. They wait since `now` on the merger's clock, which stands still while the output accepts
    /// nothing, and came at `arrival` on this machine's clock.
    mutating func append(
        _ batch: RecordBatch, to id: StreamID, at now: ContinuousClock.Instant,
        arrival: ContinuousClock.Instant? = nil
    ) {
        guard let index = index(of: id), batch.count > 0 else { return }
        queues[index].append(batch, at: now, arrival: arrival ?? now, hold: hold)
        bufferedBytes += batch.bufferedBytes
    }

    /// Returns whether a stream is open, or has records that wait.
    func holds(_ id: StreamID) -> Bool { index(of: id) != nil }

    /// Returns whether a stream may be read on: there is room, none of its records waits, or they take less than the stream's
    /// share of half the memory. So a stream that floods, and another one that is silent, do not stop the others.
    func mayRead(_ id: StreamID) -> Bool {
        guard let index = index(of: id) else { return true }
        return bufferedBytes < capacity || queues[index].isEmpty
            || queues[index].bufferedBytes < capacity / (2 * queues.count)
    }

    /// Returns the distance of a stream's clock from others' in nanoseconds, comparable among streams; nil if it is not
    /// known.
    func clockDistance(of id: StreamID, at now: ContinuousClock.Instant) -> Int64? {
        index(of: id).flatMap { queues[$0].clock.provenDistance(at: now) }
    }

    /// Gives out, in order, all records that need not wait.
    mutating func drain(at now: ContinuousClock.Instant, into sink: inout some RecordSink) throws {
        let hold = bufferedBytes < capacity ? hold : min(hold, Self.holdWhenFull)
        let margin = UInt64(max(self.hold, Self.holdWhenFull).nanoseconds)
        let due = queues.compactMap { queue in
            queue.waiting(since: now - hold).map { $0.lowerBound - min($0.lowerBound, margin)...$0.upperBound }
        }
        try giveOut(MergeHorizon(watermark: watermark, due: due), into: &sink)
    }

    /// Gives out, in order, all records that there are.
    mutating func drainAll(into sink: inout some RecordSink) throws {
        try giveOut(MergeHorizon(watermark: MergeKey(time: .max, queue: .max), due: []), into: &sink)
    }

    /// The place in the order that every live stream has reached; see ``MergeHorizon/watermark``.
    private var watermark: MergeKey {
        queues.indices.filter { !queues[$0].isClosed }.map { MergeKey(time: queues[$0].latest, queue: $0) }.min()
            ?? MergeKey(time: .max, queue: .max)
    }

    private mutating func giveOut(_ horizon: MergeHorizon, into sink: inout some RecordSink) throws {
        defer { queues.removeAll { $0.isClosed && $0.isEmpty } }
        let runLimit = sink.runLimit
        var runs: [RecordRun] = []
        runs.reserveCapacity(runLimit)
        // The keys of the queues' first records, but for the earliest, which is `next`.
        var keys = Heap(
            queues.indices.filter { !queues[$0].isEmpty }.map { MergeKey(time: queues[$0].headTime, queue: $0) })
        var next = keys.popMin()
        while let key = next, !horizon.isBefore(key) {
            guard let lastTime = horizon.lastTime(from: key) else {
                next = keys.popMin()
                continue
            }
            let second = keys.min ?? MergeKey(time: .max, queue: .max)
            runs.append(takeRun(from: key.queue, upTo: min(lastTime, second.lastTime(of: key.queue))))
            if queues[key.queue].isAtSegmentEnd {
                try flush(&runs, into: &sink)
                bufferedBytes -= queues[key.queue].removeSegment()
                guard !queues[key.queue].isEmpty else {
                    next = keys.popMin()
                    continue
                }
            } else if runs.count == runLimit {
                try flush(&runs, into: &sink)
            }
            let following = MergeKey(time: queues[key.queue].headTime, queue: key.queue)
            next = second < following ? keys.replaceMin(with: following) : following
        }
        try flush(&runs, into: &sink)
    }

    @inline(__always)
    private mutating func takeRun(from queue: Int, upTo limit: UInt64) -> RecordRun {
        let number = queues[queue].id.number
        let run = queues[queue].takeRun(upTo: limit, after: leaders.latest(except: number), counting: &order)
        if !leaders.add(number, queues[queue].lastGiven) { leaders = Leaders(queues) }
        return run
    }

    private mutating func flush(_ runs: inout [RecordRun], into sink: inout some RecordSink) throws {
        guard !runs.isEmpty else { return }
        for run in runs { merged += run.count }
        try sink.write(runs)
        runs.removeAll(keepingCapacity: true)
    }

    private func index(of id: StreamID) -> Int? {
        queues.firstIndex { $0.id == id }
    }
}

/// The two streams of which the latest records were given out.
private struct Leaders {
    private var first = (number: -1, time: UInt64(0))
    private var second = (number: -1, time: UInt64(0))

    init() {}

    init(_ queues: [StreamQueue]) {
        for queue in queues { _ = add(queue.id.number, queue.lastGiven) }
    }

    /// The latest time stamp that was given out of other streams.
    @inline(__always)
    func latest(except number: Int) -> UInt64 {
        number == first.number ? second.time : first.time
    }

    /// Takes the time stamp of a stream's last record. Returns false where the two leaders are not known any more,
    /// because one has stepped back behind the other.
    @inline(__always)
    mutating func add(_ number: Int, _ time: UInt64) -> Bool {
        if number == first.number {
            first.time = time
            return time >= second.time
        }
        if time >= first.time {
            second = first
            first = (number, time)
        } else if number == second.number {
            defer { second.time = time }
            return time >= second.time
        } else if time > second.time {
            second = (number, time)
        }
        return true
    }
}
