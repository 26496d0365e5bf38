/// The events that end a capture, which ``PacketTrigger`` and the platform tell of.
extension Capture {
    /// Compiles the filter that the options name; nil if they name none. Blocks while this machine resolves names in it.
    /// Warns of one that looks at more of a packet than is kept.
    static func untilFilter(_ options: CaptureOptions, _ display: Display) throws(UsageError) -> UntilFilter? {
        guard let expression = options.untilFilter else { return nil }
        let filter = try UntilFilter(expression, for: LinkType.of(interface: options.interfaces[0]))
        if let snaplen = options.snaplen, filter.inspectedLength > snaplen {
            display.warn(
                nil,
                """
                --until '\(filter.expression)' looks at the first \(filter.inspectedLength) bytes of a packet: one that \
                --snaplen \(snaplen) cuts before what is looked at does not match
                """)
        }
        return filter
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
            awaited.match(match)
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
    mutating func packetMarked(_ mark: Consumers.Mark) {
        awaited.place()
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

    /// Tells at the end where the packet stands that was waited for, if no packet came after it that could be marked.
    func tellUnmarked() {
        guard let packet = awaited.unplaced else { return }
        guard let number = packet.number.map(Self.text) else {
            return display.say("Its number is not known; it has no comment, since no packet came after it.")
        }
        let place = options.rotation == nil ? "of '\(output)'" : "of all files together"
        display.say("It is packet \(number) \(place); it has no comment, since no packet came after it.")
    }

    private static func text(_ number: UInt64) -> String { Quantity.count(Int(clamping: number)) }

    /// Takes the end of a session that captured and was not asked to end.
    mutating func suspectCrash(of instance: Instance) {
        guard options.waitsForCrash, ending.isCapturing, roster.wasCaptured(instance.id) else { return }
        awaited.crashes.suspect(instance, at: .now)
        // The capture may end within a second, and the platform tells whether this instance crashed as well.
        if awaited.hasCome { ask() }
    }

    /// Takes what the platform says of all instances. The first crash is the event; that of another instance before the
    /// capture ends is no gap either.
    mutating func lookForCrash(among instances: [Instance]) {
        for crash in awaited.crashes.update(instances, at: .now) {
            roster.forgive(crash.id)
            guard awaited.come(at: .now) else {
                display.say("\(crash.id): crashed as well (\(crash.description)).")
                continue
            }
            display.say(
                "\(crash.id): the crash that --until waits for was told at \(WallClock.text(WallClock.now())) "
                    + "(\(crash.description)); \(goingOn).")
            send(.stopIsDue, after: options.timeAfterEvent)
            Task { [merger] in await merger.keepAll() }
        }
    }

    /// Names the instances whose sessions ended behind the event and of which the platform has not told why.
    func tellUnexplained() {
        guard awaited.hasCome else { return }
        for id in awaited.crashes.unexplained {
            display.error(nil, "\(id): its session ended before the capture, and whether it crashed is not known")
        }
    }

    private var goingOn: String {
        options.timeAfterEvent == .zero
            ? "the capture ends" : "the capture goes on for \(Quantity.time(options.timeAfterEvent))"
    }

    /// The exit status of a capture that waited for an event which did not come, if nothing else was wrong before.
    static let eventDidNotCome: Int32 = 3
}
