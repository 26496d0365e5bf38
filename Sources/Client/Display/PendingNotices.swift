/// Warnings and errors of instances that wait for a moment, so that what many instances have in common becomes one line.
struct PendingNotices {
    /// A line that comes alone is shown after this time.
    static let pause = Duration.milliseconds(300)
    /// A line is shown after this time, even if others still come.
    static let longestWait = Duration.seconds(2)

    private struct Notice: Hashable {
        let kind: String
        let text: String
    }

    private var notices: [Notice] = []
    private var instances: [Notice: [InstanceID]] = [:]
    private var first: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?

    /// Adds what is to be said of an instance. Returns whether nothing waited before.
    mutating func add(_ kind: String, _ instance: InstanceID, _ text: String, at now: ContinuousClock.Instant) -> Bool {
        let notice = Notice(kind: kind, text: text)
        if instances[notice] == nil { notices.append(notice) }
        instances[notice, default: []].append(instance)
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
        return notices.map { notice in
            let all = instances[notice] ?? []
            let repetitions = all.count - Set(all).count
            let times = repetitions > 0 ? " (and \(Quantity.count(repetitions)) times more)" : ""
            return "\(InstanceNames.text(all).printable): \(notice.kind): \(notice.text)\(times)"
        }
    }
}
