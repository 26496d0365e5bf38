/// The order of a merged capture, and why packets are out of it.
struct OrderReport: Equatable, Sendable {
    /// Two streams whose clocks differ by more than the hold.
    struct ClockDifference: Equatable, Sendable {
        /// The stream whose clock is behind.
        let behind: String
        /// The stream whose clock is ahead.
        let ahead: String
        let difference: Duration
    }

    var counts = MergeOrder()
    /// The hold of the merge.
    var hold = Duration.seconds(1)
    /// The two clocks that differ most; nil if none is known to differ by more than the hold.
    var clocks: ClockDifference?

    /// Finds the two clocks that differ most among streams, by their names. Distances are in nanoseconds.
    static func difference(of distances: [String: Int64], hold: Duration) -> ClockDifference? {
        // The same for the same clocks, whatever the dictionary's order.
        let sorted = distances.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let difference = Duration.nanoseconds(last.value - first.value)
        return difference > hold ? ClockDifference(behind: first.key, ahead: last.key, difference: difference) : nil
    }

    /// The hold in whole seconds that would have waited for packets that were late by `delay`; nil if it is longer than
    /// can be asked for.
    func holdSeconds(for delay: Duration) -> Int64? {
        let needed = (hold + delay).components.seconds + 1
        return needed <= TimeSpan.longestHoldSeconds ? needed : nil
    }
}
