/// The lines on capture points that wait for a moment, so that what many points have in common becomes one line.
struct PendingNotices {
    /// A line that comes alone is shown after this time.
    static let pause = Duration.milliseconds(300)
    /// A line is shown after this time, even if others still come.
    static let longestWait = Duration.seconds(2)

    private var texts: [String] = []
    private var points: [String: [CapturePoint]] = [:]
    private var first: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?

    /// Adds what is to be said of a capture point. Returns whether nothing waited before.
    mutating func add(_ point: CapturePoint, _ text: String, at now: ContinuousClock.Instant) -> Bool {
        if points[text] == nil { texts.append(text) }
        points[text, default: []].append(point)
        last = now
        guard first == nil else { return false }
        first = now
        return true
    }

    /// The moment at which the lines are to be taken, if nothing more comes until then; nil if nothing waits.
    var due: ContinuousClock.Instant? {
        guard let first, let last else { return nil }
        return min(first + Self.longestWait, last + Self.pause)
    }

    /// Removes and returns the lines, in the order in which the first of each came: `web/0-2: error: no agent`.
    mutating func removeAll() -> [String] {
        defer { self = PendingNotices() }
        return texts.map { text in
            let all = points[text] ?? []
            let repetitions = all.count - Set(all).count
            let times = repetitions > 0 ? " (and \(Quantity.count(repetitions)) times more)" : ""
            return "\(InstanceNames.text(all).printable): \(text)\(times)"
        }
    }
}
