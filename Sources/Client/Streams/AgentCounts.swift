/// What an agent says that its capture has come to.
struct AgentCounts: Equatable, Sendable {
    /// Packets that matched.
    var packets: UInt64 = 0
    /// Bytes that it wrote.
    var bytes: UInt64 = 0
    /// Packets that matched and found no room in the kernel's ring.
    var dropped: UInt64 = 0
    /// Packets of which only a part was kept.
    var truncated: UInt64 = 0
    /// Packets that could not be written any more.
    var lost: UInt64 = 0

    /// The counts in a line of the log (`capturing`, `stopped capture`); nil if there are none.
    init?(_ entry: LogEntry) {
        guard let packets = entry["packets"].flatMap({ UInt64($0) }) else { return nil }
        func number(_ name: String) -> UInt64 { entry[name].flatMap { UInt64($0) } ?? 0 }
        self.packets = packets
        bytes = number("bytes")
        dropped = number("dropped")
        truncated = number("truncated")
        lost = number("lost")
    }

    static func + (left: AgentCounts, right: AgentCounts) -> AgentCounts {
        var sum = left
        sum.packets &+= right.packets
        sum.bytes &+= right.bytes
        sum.dropped &+= right.dropped
        sum.truncated &+= right.truncated
        sum.lost &+= right.lost
        return sum
    }
}
