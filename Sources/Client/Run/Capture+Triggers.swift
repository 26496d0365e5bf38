/// The events that end a capture, which ``PacketTrigger`` and the platform tell of.
extension Capture {
    /// Compiles the filter that the options name; nil if they name none. Blocks while this machine resolves names in it.
    static func untilFilter(_ options: CaptureOptions) throws(UsageError) -> UntilFilter? {
        guard let expression = options.untilFilter else { return nil }
        return try UntilFilter(expression, for: LinkType.of(interface: options.interfaces[0]))
    }

    /// Returns the examiner of the merged packets that the options ask for; nil if they ask for none.
    static func trigger(
        _ options: CaptureOptions, until filter: UntilFilter?,
        report: @escaping @Sendable (PacketTrigger.Report) -> Void
    ) -> PacketTrigger? {
        guard filter != nil || options.count != nil else { return nil }
        return PacketTrigger(
            until: filter, after: options.timeAfterEvent, count: options.count, hold: options.hold, report: report)
    }

    mutating func triggerReported(_ report: PacketTrigger.Report) {
        switch report {
        case .match(let match):
            _ = awaited.come()
            display.say(
                "\(match.source): the packet that --until waits for came at \(WallClock.text(match.time)); \(goingOn).")
        case .unmatchable(let source, let reason):
            display.warn(nil, "\(source): --until has no meaning for its packets: \(reason)")
        }
    }

    /// Tells where the packet stands that was marked.
    func packetMarked(_ mark: Consumers.Mark) {
        display.say("It is packet \(Quantity.count(Int(clamping: mark.place.number))) of '\(mark.place.output)'.")
    }

    /// Takes the end of a session that captured and was not asked to end.
    mutating func suspectCrash(of instance: Instance) {
        guard options.waitsForCrash, !awaited.hasCome, ending.isCapturing, roster.wasCaptured(instance.id) else {
            return
        }
        awaited.crashes.suspect(instance, at: .now)
    }

    /// Takes what the platform says of all instances.
    mutating func lookForCrash(among instances: [Instance]) {
        guard let crash = awaited.crashes.update(instances, at: .now), awaited.come() else { return }
        display.say(
            "\(crash.id): the crash that --until waits for was told at \(WallClock.text(WallClock.now())) "
                + "(\(crash.description)); \(goingOn).")
        roster.forgive(crash.id)
        send(.stopIsDue, after: options.timeAfterEvent)
        Task { [merger] in await merger.keepAll() }
    }

    private var goingOn: String {
        options.timeAfterEvent == .zero
            ? "the capture ends" : "the capture goes on for \(Quantity.time(options.timeAfterEvent))"
    }

    /// The exit status of a capture that waited for an event which did not come, if nothing else was wrong before.
    static let eventDidNotCome: Int32 = 3
}
