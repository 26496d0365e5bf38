/// The events that end a capture, which ``PacketTrigger`` and the platform tell of.
extension Capture {
    /// Compiles the filter that the options name; nil if they name none. Blocks while this machine resolves names in it.
    static func untilFilter(_ options: CaptureOptions) throws(UsageError) -> UntilFilter? {
        guard let expression = options.untilFilter else { return nil }
        return try UntilFilter(expression, for: LinkType.of(interface: options.interfaces[0]))
    }

    /// Returns the examiner of the merged packets that the options ask for; nil if they ask for none.
    static func trigger(
        _ options: CaptureOptions, until filter: UntilFilter?, display: DisplayMatch?,
        report: @escaping @Sendable (PacketTrigger.Report) -> Void
    ) -> PacketTrigger? {
        guard filter != nil || display != nil || options.count != nil else { return nil }
        return PacketTrigger(
            until: filter, display: display, after: options.timeAfterEvent, count: options.count, hold: options.hold,
            report: report)
    }

    mutating func triggerReported(_ report: PacketTrigger.Report) {
        switch report {
        case .match(let match):
            guard awaited.come(at: .now) else { return }
            display.say(
                "\(match.source): the packet that \(match.option) waits for came at \(WallClock.text(match.time)); \(goingOn)."
            )
            Task { [merger] in await merger.keepAll() }
        case .markBehindMatch(let distance):
            awaited.markIsBehind(by: distance)
        case .unmatchable(let source, let reason):
            display.warn(nil, "\(source): --until has no meaning for its packets: \(reason)")
        }
    }

    /// Tells where the packet stands that was waited for.
    func packetMarked(_ mark: Consumers.Mark) {
        let (number, output) = (mark.place.number, "'\(mark.place.output)'")
        switch awaited.mark {
        case .match: display.say("It is packet \(Self.text(number)) of \(output).")
        case .behind(nil):
            display.say("Its number is not known; packet \(Self.text(number)) of \(output) came after it.")
        case .behind(let distance?) where distance < number:
            display.say(
                "It is packet \(Self.text(number - distance)) of \(output); packet \(Self.text(number)) has a comment.")
        case .behind(let distance?):
            display.say(
                "It came \(Self.text(distance)) packets before packet \(Self.text(number)) of \(output), which has a comment."
            )
        }
    }

    private static func text(_ number: UInt64) -> String { Quantity.count(Int(clamping: number)) }

    /// Takes the end of a session that captured and was not asked to end.
    mutating func suspectCrash(of instance: Instance) {
        guard options.waitsForCrash, !awaited.hasCome, ending.isCapturing, roster.wasCaptured(instance.id) else {
            return
        }
        awaited.crashes.suspect(instance, at: .now)
    }

    /// Takes what the platform says of all instances.
    mutating func lookForCrash(among instances: [Instance]) {
        guard let crash = awaited.crashes.update(instances, at: .now), awaited.come(at: .now) else { return }
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
