/// A place in the merged order: a time stamp, and the position of its queue among the queues.
struct MergeKey: Comparable {
    /// Nanoseconds since 1970.
    var time: UInt64
    let queue: Int

    @inline(__always)
    static func < (left: MergeKey, right: MergeKey) -> Bool {
        left.time < right.time || left.time == right.time && left.queue < right.queue
    }

    /// Returns the latest time stamp that a record of a queue can have to stand at this place or before it.
    @inline(__always)
    func lastTime(of queue: Int) -> UInt64 {
        queue <= self.queue ? time : time &- 1
    }
}
