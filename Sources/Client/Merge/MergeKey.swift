/// A place in the order: a record's time stamp, and the number of its lane.
struct MergeKey: Comparable {
    var time: UInt64
    let lane: Int

    @inline(__always)
    static func < (left: MergeKey, right: MergeKey) -> Bool {
        left.time < right.time || left.time == right.time && left.lane < right.lane
    }

    /// The latest time stamp with which a record of a lane does not stand behind this place.
    @inline(__always)
    func lastTime(of lane: Int) -> UInt64 {
        lane <= self.lane ? time : time &- 1
    }
}

/// The first records of several lanes, the earliest in front: a binary heap.
struct MergeKeyHeap {
    private var heads: [MergeKey]

    init(_ heads: [MergeKey]) {
        self.heads = heads
        for index in stride(from: heads.count / 2 - 1, through: 0, by: -1) {
            siftDown(index)
        }
    }

    /// The earliest.
    @inline(__always)
    var first: MergeKey? { heads.first }

    /// The latest time stamp that the first lane's records can have and still come before all others.
    var lastTimeOfFirst: UInt64 {
        guard heads.count > 1 else { return .max }
        let second = heads.count > 2 && heads[2] < heads[1] ? heads[2] : heads[1]
        return second.lastTime(of: heads[0].lane)
    }

    /// Gives the first lane its next record's time stamp, or takes the lane away.
    mutating func replaceFirst(by time: UInt64?) {
        if let time {
            heads[0].time = time
        } else if let last = heads.popLast(), !heads.isEmpty {
            heads[0] = last
        }
        siftDown(0)
    }

    private mutating func siftDown(_ start: Int) {
        guard start < heads.count else { return }
        var index = start
        let sunk = heads[start]
        while true {
            var child = 2 * index + 1
            guard child < heads.count else { break }
            if child + 1 < heads.count && heads[child + 1] < heads[child] { child += 1 }
            guard heads[child] < sunk else { break }
            heads[index] = heads[child]
            index = child
        }
        heads[index] = sunk
    }
}
