/// What several instances have captured together.
struct Totals {
    var packets = 0
    var bytes = 0
    var rate = 0.0
    /// nil where no agent has said.
    var dropped: Int?

    init(_ statuses: [InstanceStatus]) {
        for status in statuses {
            packets += status.packets
            bytes += status.bytes
            rate += status.rate
            if let lost = status.dropped { dropped = (dropped ?? 0) + lost }
        }
    }
}
