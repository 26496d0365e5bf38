/// Ends a capture by its packets: after a number of them, or a time after the first that a filter selects.
struct PacketTrigger: PacketExaminer {
    /// The first packet that a filter selects.
    struct Match: Equatable, Sendable {
        /// The option of the filter.
        let option: String
        /// The name of the packet's source, such as `web/0 eth0`.
        let source: String
        /// The packet's time stamp, in nanoseconds since 1970.
        let time: UInt64
        /// The packet's number in the merged order, from 1; nil if tshark was too slow for some packets before it.
        let number: UInt64?
    }

    /// A thing to tell of the filter.
    enum Report: Equatable, Sendable {
        case match(Match)
        /// The next packet is marked, which comes `distance` packets behind the match; nil if that is not known.
        case markBehindMatch(distance: UInt64?)
        /// The filter cannot select packets of this source, with libpcap's reason.
        case unmatchable(source: String, reason: String)
    }

    private struct Source {
        let name: String
        /// The filter; nil if it has no meaning for the link type.
        let filter: PacketFilter?
    }

    private let filter: UntilFilter?
    private let display: DisplayMatch?
    private let after: Duration
    private let hold: Duration
    private var remaining: Int
    private var sources: [StreamID: Source] = [:]
    private var window: RecordingWindow?
    /// The packets let through so far.
    private var examined: UInt64 = 0
    /// The match of the display filter, until a packet is marked for it.
    private var unmarked: Match?
    private let report: @Sendable (Report) -> Void
    private let clock: @Sendable () -> ContinuousClock.Instant

    /// Creates a trigger for `count` packets, for a match and the time `after` it, or for whichever comes first. Calls
    /// `report` on the merger's queue, so that it must not wait.
    init(
        until filter: UntilFilter?, display: DisplayMatch? = nil, after: Duration, count: Int?, hold: Duration,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        report: @escaping @Sendable (Report) -> Void
    ) {
        self.filter = filter
        self.display = display
        self.after = after
        self.hold = hold
        self.clock = clock
        self.report = report
        remaining = count ?? .max
    }

    mutating func add(_ source: StreamID, _ stream: StreamDescription) {
        guard let filter else { return }
        do throws(PacketFilterError) {
            sources[source] = Source(name: stream.name, filter: try filter.program(for: stream.linkType))
        } catch {
            sources[source] = Source(name: stream.name, filter: nil)
            report(.unmatchable(source: stream.name, reason: error.description))
        }
    }

    mutating func examine(_ records: UnsafeRawBufferPointer, of source: StreamID) -> Examination {
        takeDisplayMatch()
        let filter = window == nil ? sources[source]?.filter : nil
        var offset = 0
        while offset < records.count {
            // A run holds whole records only.
            let header = unsafe RecordHeader(records, at: offset)
            if remaining == 0 || isBehindWindow(header) { return Examination(length: offset, isOver: true) }
            let packet = offset + RecordHeader.size..<offset + header.recordLength
            offset = packet.upperBound
            remaining -= 1
            examined += 1
            if let packet = unmarked {
                return Examination(length: offset, comment: mark(for: packet), isOver: remaining == 0)
            }
            if let filter,
                unsafe filter.matches(UnsafeRawBufferPointer(rebasing: records[packet]), original: header.original)
            {
                return Examination(length: offset, comment: match(header, of: source), isOver: remaining == 0)
            }
        }
        return Examination(length: offset, isOver: remaining == 0)
    }

    mutating func isOver(at now: ContinuousClock.Instant) -> Bool {
        takeDisplayMatch()
        return window?.isClosed(at: now) ?? false
    }

    /// Opens the window behind the match of the display filter, if tshark has found it.
    private mutating func takeDisplayMatch() {
        guard window == nil, let packet = display?.take() else { return }
        window = RecordingWindow(after: after, from: packet.time, seenAt: clock(), hold: hold)
        unmarked = packet
    }

    /// Returns the comment of the packet that was examined last, for a match that was written before it.
    private mutating func mark(for packet: Match) -> String {
        unmarked = nil
        let distance = packet.number.map { examined - min($0, examined) }
        report(.markBehindMatch(distance: distance))
        let place = distance.map { "\($0) packets before this one" } ?? "before this one"
        return """
            the first packet that \(packet.option) selects came \(place), from \(packet.source) at \
            \(WallClock.text(packet.time))
            """
    }

    private func isBehindWindow(_ header: RecordHeader) -> Bool {
        guard let window, header.time > window.lastTime else { return false }
        return window.isClosed(by: header.time, at: clock())
    }

    private static let option = "--until"

    /// Opens the window behind a match. Returns the packet's comment.
    private mutating func match(_ header: RecordHeader, of source: StreamID) -> String {
        window = RecordingWindow(after: after, from: header.time, seenAt: clock(), hold: hold)
        report(
            .match(
                Match(
                    option: Self.option, source: sources[source]?.name ?? "", time: header.time, number: examined)))
        return "the first packet that \(Self.option) '\(filter?.expression ?? "")' selects"
    }
}
