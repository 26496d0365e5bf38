/// The event that a run waits for (`--until`, `--until-display`), and what has come of it.
struct AwaitedEvent {
    /// The sessions whose end may be the event.
    var crashes = CrashWatch()
    /// Whether the event has come.
    private(set) var hasCome = false

    /// Records that the event has come. Returns false if it had come before.
    mutating func come() -> Bool {
        defer { hasCome = true }
        return !hasCome
    }
}
