/// The number of packets that stand out of order among those of other streams, and why.
struct MergeOrder: Equatable, Sendable {
    /// Packets that came too late; a longer hold would have waited for them.
    var late = 0
    /// The longest time by which one of these was late, in nanoseconds.
    var longestDelay: UInt64 = 0
    /// Packets of which the time stamp is further in the past than any hold reaches.
    var misplaced = 0
    /// Packets stamped ahead of those that followed them in their stream. They stand where they came.
    var ahead = 0

    /// The longest hold that can be asked for. A record that is further behind is not late: its clock is wrong.
    static let longestHold = Duration.seconds(60)
}
