/// The event that a run waits for (`--until`, `--until-display`), and what has come of it.
struct AwaitedEvent {
    /// The packet that is marked with a comment.
    enum MarkedPacket: Equatable {
        /// The packet that was waited for.
        case match
        /// A packet that comes so many packets behind it; nil if that number is not known.
        case behind(UInt64?)
    }

    /// The sessions whose end may be the event.
    var crashes = CrashWatch()
    private(set) var mark = MarkedPacket.match
    /// The packet that was waited for, until it is told where it stands; nil before it came.
    private(set) var unplaced: PacketTrigger.Match?
    /// The moment at which the event was seen; nil before that.
    private(set) var time: ContinuousClock.Instant?

    /// Whether the event has come.
    var hasCome: Bool { time != nil }

    /// Records that the event has come. Returns false if one had come before.
    mutating func come(at now: ContinuousClock.Instant) -> Bool {
        guard time == nil else { return false }
        time = now
        return true
    }

    /// Records the packet that was waited for.
    mutating func match(_ packet: PacketTrigger.Match) {
        unplaced = packet
    }

    /// Records that it was told where the packet stands.
    mutating func place() {
        unplaced = nil
    }

    /// Records that the packet to be marked next is another one behind the match.
    mutating func markIsBehind(by distance: UInt64?) {
        mark = .behind(distance)
    }
}
