/// The keys of the first records of several queues, the earliest in front: a binary heap.
struct MergeKeyHeap {
    private var keys: [MergeKey]

    init(_ keys: [MergeKey]) {
        self.keys = keys
        for index in stride(from: keys.count / 2 - 1, through: 0, by: -1) {
            siftDown(index)
        }
    }

    /// The earliest key.
    @inline(__always)
    var first: MergeKey? { keys.first }

    /// The latest time stamp that the first queue's records can have and still come before all others.
    var lastTimeOfFirst: UInt64 {
        guard keys.count > 1 else { return .max }
        let second = keys.count > 2 && keys[2] < keys[1] ? keys[2] : keys[1]
        return second.lastTime(of: keys[0].queue)
    }

    /// Replaces the first key's time by that of its queue's next record, or removes the key if the queue is empty.
    mutating func replaceFirst(by time: UInt64?) {
        if let time {
            keys[0].time = time
        } else if let last = keys.popLast(), !keys.isEmpty {
            keys[0] = last
        }
        siftDown(0)
    }

    private mutating func siftDown(_ start: Int) {
        guard start < keys.count else { return }
        var index = start
        let sunk = keys[start]
        while true {
            var child = 2 * index + 1
            guard child < keys.count else { break }
            if child + 1 < keys.count && keys[child + 1] < keys[child] { child += 1 }
            guard keys[child] < sunk else { break }
            keys[index] = keys[child]
            index = child
        }
        keys[index] = sunk
    }
}
