/// The counts that an agent logs of its capture.
struct AgentCounts: Equatable, Sendable {
    /// Packets that matched and were captured; those in ``dropped`` are not among them.
    var packets: UInt64 = 0
    /// Bytes that it wrote.
    var bytes: UInt64 = 0
    /// Packets that matched and found no room in the kernel's ring.
    var dropped: UInt64 = 0
    /// Packets of which only a part was kept.
    var truncated: UInt64 = 0
    /// Packets that could not be written any more.
    var lost: UInt64 = 0

    /// Beyond any capture's counts, and far from what sums of them can hold.
    private static let most: UInt64 = 1 << 40

    /// The counts in a line of the log (`capturing`, `stopped capture`); nil if there are none, or one of them is no number:
    /// what cannot be read is not known.
    init?(_ entry: LogEntry) {
        guard entry["packets"] != nil,
            ["packets", "bytes", "dropped", "truncated", "lost"].allSatisfy({ name in
                entry[name].map { UInt64($0) != nil } ?? true
            })
        else { return nil }
        func number(_ name: String) -> UInt64 { min(entry[name].flatMap { UInt64($0) } ?? 0, Self.most) }
        packets = number("packets")
        bytes = number("bytes")
        dropped = number("dropped")
        truncated = number("truncated")
        lost = number("lost")
    }
}
