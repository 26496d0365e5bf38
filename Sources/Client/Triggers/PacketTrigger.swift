/// Ends a capture by its packets: after a number of them, or a time after the first that a filter selects.
struct PacketTrigger: PacketExaminer {
    /// The first packet that the filter selects.
    struct Match: Equatable, Sendable {
        /// The name of the packet's source, such as `web/0 eth0`.
        let source: String
        /// The packet's time stamp, in nanoseconds since 1970.
        let time: UInt64
    }

    /// A thing to tell of the filter.
    enum Report: Equatable, Sendable {
        case match(Match)
        /// The filter cannot select packets of this source, with libpcap's reason.
        case unmatchable(source: String, reason: String)
    }

    private struct Source {
        let name: String
        /// nil where the filter has no meaning for the link type.
        let filter: PacketFilter?
    }

    private let filter: UntilFilter?
    private let after: Duration
    private let hold: Duration
    private var remaining: Int
    private var sources: [StreamID: Source] = [:]
    private var window: RecordingWindow?
    private let report: @Sendable (Report) -> Void
    private let clock: @Sendable () -> ContinuousClock.Instant

    /// Creates a trigger for `count` packets, for a match and the time `after` it, or for whichever comes first. Calls
    /// `report` on the merger's queue, so that it must not wait.
    init(
        until filter: UntilFilter?, after: Duration, count: Int?, hold: Duration,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        report: @escaping @Sendable (Report) -> Void
    ) {
        self.filter = filter
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
        let filter = window == nil ? sources[source]?.filter : nil
        var offset = 0
        while offset < records.count {
            // A run holds whole records only.
            let header = unsafe RecordHeader(records, at: offset)
            if remaining == 0 || isBehindWindow(header) { return Examination(length: offset, isOver: true) }
            let packet = offset + RecordHeader.size..<offset + header.recordLength
            offset = packet.upperBound
            remaining -= 1
            if let filter,
                unsafe filter.matches(UnsafeRawBufferPointer(rebasing: records[packet]), original: header.original)
            {
                return Examination(length: offset, comment: match(header, of: source), isOver: remaining == 0)
            }
        }
        return Examination(length: offset, isOver: remaining == 0)
    }

    mutating func isOver(at now: ContinuousClock.Instant) -> Bool {
        window?.isClosed(at: now) ?? false
    }

    private func isBehindWindow(_ header: RecordHeader) -> Bool {
        guard let window, header.time > window.lastTime else { return false }
        return window.isClosed(by: header.time, at: clock())
    }

    /// Opens the window behind a match. Returns the packet's comment.
    private mutating func match(_ header: RecordHeader, of source: StreamID) -> String {
        window = RecordingWindow(after: after, from: header.time, seenAt: clock(), hold: hold)
        report(.match(Match(source: sources[source]?.name ?? "", time: header.time)))
        return "the first packet that --until '\(filter?.expression ?? "")' selects"
    }
}
