/// The sums over several instances.
struct Totals {
    var packets = 0
    var bytes = 0
    var rate = 0.0
    var truncated = 0
    /// The packets dropped; nil if no agent has said.
    var dropped: Int?
    /// Whether more may have been dropped than ``dropped``: an instance has sent packets and its agent's count is not
    /// known, or not the last one.
    var isDroppedLeast = false

    init(_ statuses: [InstanceStatus]) {
        for status in statuses {
            packets += status.packets
            bytes += status.bytes
            rate += status.rate
            truncated += status.truncated
            isDroppedLeast = isDroppedLeast || status.isDroppedLeast || status.dropped == nil && status.packets > 0
            if let lost = status.dropped { dropped = (dropped ?? 0) + lost }
        }
    }
}
