internal import Synchronization

/// The states and counts of all capture points, shared by sessions and display. The counts of a point that is joined again
/// go on.
final class StatusBoard: Sendable {
    private struct Entry {
        var status: InstanceStatus
        var lastBytes = 0
        /// The counts of agents whose sessions have ended.
        var droppedBefore: Int?
        var truncatedBefore = 0
    }

    private let entries = Mutex<[CapturePoint: Entry]>([:])

    /// Sets where a point's capture is in its life.
    func set(_ point: CapturePoint, _ state: InstanceStatus.State) {
        entries.withLock { $0[point, default: Entry(status: InstanceStatus(point))].status.state = state }
    }

    /// Counts packets that have come.
    func count(_ point: CapturePoint, packets: Int, bytes: Int) {
        entries.withLock {
            $0[point]?.status.packets += packets
            $0[point]?.status.bytes += bytes
        }
    }

    /// Takes the running agent's counts so far.
    func setCounts(_ point: CapturePoint, _ counts: AgentCounts) {
        entries.withLock { entries in
            guard let entry = entries[point] else { return }
            entries[point]?.status.dropped = (entry.droppedBefore ?? 0) + Int(clamping: counts.dropped)
            entries[point]?.status.truncated = entry.truncatedBefore + Int(clamping: counts.truncated)
        }
    }

    /// A session has ended: the next agent counts from zero. Without the last counts of this one, which only an orderly
    /// end brings, the sum is the least that was dropped.
    func endSession(_ point: CapturePoint, hasLastCounts: Bool) {
        entries.withLock { entries in
            if !hasLastCounts { entries[point]?.status.isDroppedLeast = true }
            guard let status = entries[point]?.status else { return }
            entries[point]?.droppedBefore = status.dropped
            entries[point]?.truncatedBefore = status.truncated
        }
    }

    /// All of them in order, with rates over the time since the last call.
    func statuses(after seconds: Double) -> [InstanceStatus] {
        entries.withLock { entries in
            for point in entries.keys {
                guard let entry = entries[point] else { continue }
                // A moving average: traffic is uneven, and a number that jumps cannot be read.
                let current = seconds > 0 ? Double(entry.status.bytes - entry.lastBytes) / seconds : 0
                entries[point]?.status.rate = entry.status.rate * 0.5 + current * 0.5
                entries[point]?.lastBytes = entry.status.bytes
            }
            return entries.values.map(\.status).sorted { $0.point < $1.point }
        }
    }

    /// All of them in order.
    var statuses: [InstanceStatus] {
        entries.withLock { $0.values.map(\.status).sorted { $0.point < $1.point } }
    }
}
