/// Learns how far a stream's time stamps are from the moments at which they arrive. No clock is believed, this machine's
/// neither: only distances are compared.
struct StreamClock {
    /// The greatest distance seen, in nanoseconds: of packets that came without delay. nil before the first.
    private(set) var distance: Int64?
    /// The number of records since the distance was learnt.
    private var records = 0
    /// The moment at which it was learnt, in nanoseconds since ``origin``. A number: with an `Instant` in it, whose layout
    /// is the library's, a queue is copied by calls, at every run of records.
    private var learntAt: Int64 = 0
    /// The distance of the latest batch if that was implausible; nil if it was not. A second batch at about this distance
    /// shows that the clock was set ahead: ``distance`` is learnt anew.
    private var candidate: Int64?

    /// A distance that grows by more than this has not been learnt yet, or the clock was set: in nanoseconds.
    private static let step: Int64 = 1_000_000_000
    /// The time for which a distance must hold before it is believed, in nanoseconds.
    private static let proof: Int64 = 2_000_000_000
    /// The number of records that must agree before a difference of clocks is told.
    private static let evidence = 10

    /// The moment from which arrivals count.
    private static let origin = ContinuousClock.now

    /// Takes the latest time stamp of a batch of `count` records, and returns whether it is plausible: no further ahead
    /// of what was learnt than `margin`.
    mutating func add(_ latest: UInt64, count: Int, at arrival: ContinuousClock.Instant, margin: Duration) -> Bool {
        let arrival = (arrival - Self.origin).nanoseconds
        let new = Int64(clamping: latest) &- arrival
        guard let distance else {
            learn(new, at: arrival)
            return true
        }
        let isProven = arrival - learntAt >= Self.proof
        if isProven, new - distance > max(Self.step, margin.nanoseconds) {
            guard let candidate, abs(new - candidate) <= Self.step else {
                candidate = new
                return false
            }
            learn(new, at: arrival)
        } else if new - distance > Self.step {
            learn(new, at: arrival)
        } else {
            self.distance = max(distance, new)
            candidate = nil
        }
        records += count
        return true
    }

    /// Forgets the distance: the clock was set back.
    mutating func reset() {
        distance = nil
        records = 0
    }

    /// The distance, if enough packets agree on it.
    func provenDistance(at now: ContinuousClock.Instant) -> Int64? {
        records >= Self.evidence && (now - Self.origin).nanoseconds - learntAt >= Self.proof ? distance : nil
    }

    private mutating func learn(_ distance: Int64, at now: Int64) {
        self.distance = distance
        learntAt = now
        candidate = nil
        records = 0
    }
}
