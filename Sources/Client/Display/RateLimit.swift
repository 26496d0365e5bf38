/// Limits the lines of one instance: a few, and as many again after a while. So an instance that warns without end leaves
/// the others readable.
struct RateLimit {
    private static let lines = 20
    private static let period = Duration.seconds(10)

    private var start: ContinuousClock.Instant
    private var count = 0
    /// The lines left out since the last one that was shown.
    private(set) var omitted = 0

    init(at now: ContinuousClock.Instant) {
        start = now
    }

    /// Whether a line may be shown now. If so, `omitted` lines were left out before it, which is the caller's to tell.
    mutating func take(at now: ContinuousClock.Instant) -> (isShown: Bool, omitted: Int) {
        if now - start >= Self.period {
            start = now
            count = 0
        }
        guard count < Self.lines else {
            omitted += 1
            return (false, 0)
        }
        count += 1
        defer { omitted = 0 }
        return (true, omitted)
    }
}
