/// Merges the records of several streams by their time stamps.
///
/// A record waits until every live stream has shown one that is not earlier, or until it has waited for ``hold``: a
/// silent stream holds nothing back. Where memory is full it waits for ``holdWhenFull`` at most, so that streams need not
/// be kept waiting for it. What comes later than that is given out where it comes. Of one stream the order is kept, and of
/// records with the same time stamp those of the stream that was opened first come first.
struct Merge {
    /// How long a record waits at most for earlier ones.
    let hold: Duration
    /// How long where the memory for those that wait is full. A stream that is busy shows more within that time.
    static let holdWhenFull = Duration.seconds(1)
    /// How much memory the records that wait may take, in bytes, but for one batch a stream.
    let capacity: Int

    /// Records given out so far.
    private(set) var merged = 0
    /// Those of them that are earlier than one given out before.
    private(set) var late = 0
    /// The memory of the records that wait, in bytes.
    private(set) var bufferedBytes = 0

    private var lanes: [StreamQueue] = []
    private var opened = 0
    /// The latest time stamp given out.
    private var newest: UInt64 = 0
    /// The last time stamp given out. What is earlier is late and waits for nothing.
    private var last: UInt64 = 0

    init(hold: Duration, capacity: Int) {
        self.hold = hold
        self.capacity = capacity
    }

    /// Adds a stream. Until it has shown a record or is closed, the others wait for it.
    mutating func open() -> StreamID {
        defer { opened += 1 }
        lanes.append(StreamQueue(id: StreamID(number: opened)))
        return StreamID(number: opened)
    }

    /// Ends a stream: its records still come, and nothing waits for it any more.
    mutating func close(_ id: StreamID) {
        if let index = index(of: id) { lanes[index].isClosed = true }
    }

    /// Takes what a stream has shown.
    mutating func append(_ batch: RecordBatch, to id: StreamID, at now: ContinuousClock.Instant) {
        guard let index = index(of: id), batch.count > 0 else { return }
        bufferedBytes += lanes[index].append(batch, at: now)
    }

    /// Whether a stream may be read on: there is room, or it has nothing that waits.
    func mayRead(_ id: StreamID) -> Bool {
        guard let index = index(of: id) else { return true }
        return bufferedBytes < capacity || lanes[index].isEmpty
    }

    /// Gives out, in order, all records that need not wait.
    mutating func drain(at now: ContinuousClock.Instant, into sink: inout some RecordSink) throws {
        let late = MergeKey(time: last, lane: -1)
        let hold = bufferedBytes < capacity ? hold : min(hold, Self.holdWhenFull)
        let waitedFor = lanes.compactMap { $0.latest(arrivedBy: now - hold) }.max().map { MergeKey(time: $0, lane: .max) }
        try giveOut(upTo: max(watermark, waitedFor ?? late, late), into: &sink)
    }

    /// Gives out, in order, all records that there are.
    mutating func drainAll(into sink: inout some RecordSink) throws {
        try giveOut(upTo: MergeKey(time: .max, lane: .max), into: &sink)
    }

    /// The last place in the order behind which a live stream may still show a record.
    private var watermark: MergeKey {
        lanes.indices.filter { !lanes[$0].isClosed }.map { MergeKey(time: lanes[$0].latest, lane: $0) }.min()
            ?? MergeKey(time: .max, lane: .max)
    }

    private mutating func giveOut(upTo horizon: MergeKey, into sink: inout some RecordSink) throws {
        defer { lanes.removeAll { $0.isClosed && $0.isEmpty } }
        var heads = MergeKeyHeap(
            lanes.indices.compactMap { lanes[$0].isEmpty ? nil : MergeKey(time: lanes[$0].headTime, lane: $0) })
        while let first = heads.first, first <= horizon {
            let limit = min(heads.lastTimeOfFirst, horizon.lastTime(of: first.lane))
            let run = lanes[first.lane].run(upTo: limit, after: newest)
            unsafe try sink.write(lanes[first.lane].bytes(of: run), of: lanes[first.lane].id)
            merged += run.count
            late += run.late
            newest = run.newest
            last = run.last
            bufferedBytes -= lanes[first.lane].drop(run)
            heads.replaceFirst(by: lanes[first.lane].isEmpty ? nil : lanes[first.lane].headTime)
        }
    }

    private func index(of id: StreamID) -> Int? {
        lanes.firstIndex { $0.id == id }
    }
}
