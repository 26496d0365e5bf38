/// The records that need not wait any longer: those up to the watermark, and those that have waited long enough or stand
/// just before one that has.
struct MergeHorizon {
    /// The place in the order that every live stream has reached: the latest record of the stream that has shown the least.
    /// A record up to this place waits for no stream.
    let watermark: MergeKey
    /// Time stamps of records that have waited long enough, and of the time before them in which records of other streams
    /// belong. Disjoint, in ascending order.
    ///
    /// A range has a start, and not just an end: a stream whose clock is an hour ahead must not hurry the others.
    private let due: [ClosedRange<UInt64>]

    init(watermark: MergeKey, due: [ClosedRange<UInt64>]) {
        self.watermark = watermark
        var merged: [ClosedRange<UInt64>] = []
        for range in due.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.due = merged
    }

    /// Returns the latest time stamp up to which records of a queue may be given out whose first record has this key; nil
    /// if that record must wait.
    @inline(__always)
    func lastTime(from key: MergeKey) -> UInt64? {
        if key <= watermark { return watermark.lastTime(of: key.queue) }
        guard let range = due.first(where: { $0.upperBound >= key.time }), range.lowerBound <= key.time else {
            return nil
        }
        return range.upperBound
    }

    /// Returns whether this record and all behind it must wait.
    @inline(__always)
    func isBefore(_ key: MergeKey) -> Bool {
        key > watermark && key.time > due.last?.upperBound ?? 0
    }
}
