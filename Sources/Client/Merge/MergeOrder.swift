/// The number of packets that stand out of order among those of other streams, and why.
struct MergeOrder: Equatable, Sendable {
    /// Packets that came too late; a longer hold would have waited for them.
    var late = 0
    /// The longest time by which one of these was late, in nanoseconds.
    var longestDelay: UInt64 = 0
    /// Packets behind a later one of their own stream, whose order is kept. However long the hold is, nothing waits for
    /// these: the stream's clock was set back, or several processors handed packets to the agent.
    var disordered = 0
    /// The longest time by which a packet out of order is behind a later one of its own stream, in nanoseconds.
    var longestStep: UInt64 = 0
    /// Packets of which the time stamp is further in the past than any hold reaches.
    var misplaced = 0
    /// Packets stamped ahead of those that followed them in their stream. They stand where they came.
    var ahead = 0

    /// Whether a clock was set back. Processors differ by far less in the order in which they hand packets on.
    var hasClockStep: Bool { longestStep >= 50_000_000 }
}
