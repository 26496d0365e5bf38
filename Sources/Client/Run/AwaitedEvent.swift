/// The event that a run waits for (`--until`, `--until-display`), and what has come of it.
struct AwaitedEvent {
    /// A kind of event.
    enum Kind {
        case packet, crash
    }

    /// The packet that is marked with a comment.
    enum Mark: Equatable {
        /// The packet that was waited for.
        case match
        /// A packet that comes so many packets behind it; nil if that number is not known.
        case behind(UInt64?)
    }

    /// The sessions whose end may be the event.
    var crashes = CrashWatch()
    private(set) var mark = Mark.match
    private var event: Kind?

    /// Whether the event has come.
    var hasCome: Bool { event != nil }

    /// Records that the event has come. Returns false if one had come before.
    mutating func come(as kind: Kind) -> Bool {
        guard event == nil else { return false }
        event = kind
        return true
    }

    /// Records that the packet to be marked next is another one behind the match.
    mutating func markIsBehind(by distance: UInt64?) {
        mark = .behind(distance)
    }
}
