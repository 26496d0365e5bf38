internal import Synchronization

/// How the instances fare, for those who show it. Counts of one that was joined again go on.
final class StatusBoard: Sendable {
    private struct Entry {
        var status: InstanceStatus
        var lastBytes = 0
        /// What agents dropped whose sessions have ended.
        var droppedBefore: Int?
    }

    private let entries = Mutex<[InstanceID: Entry]>([:])

    /// Sets where an instance's capture is in its life.
    func set(_ id: InstanceID, _ state: InstanceStatus.State) {
        entries.withLock { $0[id, default: Entry(status: InstanceStatus(id: id))].status.state = state }
    }

    /// Counts packets that have come.
    func count(_ id: InstanceID, packets: Int, bytes: Int) {
        entries.withLock {
            $0[id]?.status.packets += packets
            $0[id]?.status.bytes += bytes
        }
    }

    /// Tells what the running agent has dropped so far.
    func setDropped(_ id: InstanceID, _ dropped: UInt64) {
        entries.withLock { entries in
            let before = entries[id]?.droppedBefore ?? 0
            entries[id]?.status.dropped = before + Int(clamping: dropped)
        }
    }

    /// A session has ended: the next agent counts from zero. Without the last counts of this one, which only an orderly
    /// end brings, the sum is the least that was dropped.
    func endSession(_ id: InstanceID, hasLastCounts: Bool) {
        entries.withLock { entries in
            if !hasLastCounts { entries[id]?.status.isDroppedLeast = true }
            let dropped = entries[id]?.status.dropped
            entries[id]?.droppedBefore = dropped
        }
    }

    /// All of them in order, with rates over the time since the last call.
    func statuses(after seconds: Double) -> [InstanceStatus] {
        entries.withLock { entries in
            for id in entries.keys {
                guard let entry = entries[id] else { continue }
                // A moving average: traffic is uneven, and a number that jumps cannot be read.
                let current = seconds > 0 ? Double(entry.status.bytes - entry.lastBytes) / seconds : 0
                entries[id]?.status.rate = entry.status.rate * 0.5 + current * 0.5
                entries[id]?.lastBytes = entry.status.bytes
            }
            return entries.values.map(\.status).sorted { $0.id < $1.id }
        }
    }

    /// All of them in order.
    var statuses: [InstanceStatus] {
        entries.withLock { $0.values.map(\.status).sorted { $0.id < $1.id } }
    }
}
