internal import Synchronization

/// How the instances fare, for those who show it. Counts of one that was joined again go on.
final class StatusBoard: Sendable {
    private struct Entry {
        var status: InstanceStatus
        var lastBytes = 0
        /// The counts of agents whose sessions have ended.
        var droppedBefore: Int?
        var truncatedBefore = 0
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

    /// Takes the running agent's counts so far.
    func setCounts(_ id: InstanceID, _ counts: AgentCounts) {
        entries.withLock { entries in
            guard let entry = entries[id] else { return }
            entries[id]?.status.dropped = (entry.droppedBefore ?? 0) + Int(clamping: counts.dropped)
            entries[id]?.status.truncated = entry.truncatedBefore + Int(clamping: counts.truncated)
        }
    }

    /// A session has ended: the next agent counts from zero. Without the last counts of this one, which only an orderly
    /// end brings, the sum is the least that was dropped.
    func endSession(_ id: InstanceID, hasLastCounts: Bool) {
        entries.withLock { entries in
            if !hasLastCounts { entries[id]?.status.isDroppedLeast = true }
            guard let status = entries[id]?.status else { return }
            entries[id]?.droppedBefore = status.dropped
            entries[id]?.truncatedBefore = status.truncated
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
