internal import Synchronization

/// Finds the first packet that a display filter selects among the lines that tshark prints of them.
final class DisplayFilterWatch: TsharkReader {
    /// The option whose value is the filter.
    static let option = "--until-display"

    /// The bytes hold 2 seconds of 20,000 packets of 800 bytes a second.
    static let watch = TsharkOutput.Watch(
        warning:
            "tshark is too slow: it does not see all packets, and \(option) may miss its event; --filter leaves it fewer",
        capacity: 32 << 20)

    private let match: DisplayMatch
    private let hasLeftOut = Mutex(false)

    init(_ match: DisplayMatch) {
        self.match = match
    }

    /// The arguments of tshark that select packets and print what ``read(_:after:)`` expects.
    static func arguments(_ filter: String) -> [String] {
        ["-Y", filter, "-T", "fields"]
            + ["frame.number", "frame.time_epoch", "frame.interface_name"].flatMap { ["-e", $0] }
    }

    var isClosed: Bool { false }

    func leftOut(_ packets: UInt64) {
        hasLeftOut.withLock { $0 = packets > 0 }
    }

    func finish(given _: UInt64, cut _: Bool) {}

    func read(_ lines: FileDescriptor, after packets: UInt64) {
        lines.forEachLine { line, _ in
            if let packet = packet(line, after: packets) { match.find(packet) }
        } flush: {
        }
    }

    /// Returns the packet of a line: its number, seconds since 1970 with nanoseconds, the interface.
    private func packet(_ line: ArraySlice<UInt8>, after packets: UInt64) -> PacketTrigger.Match? {
        let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count == 3, let number = UInt64(fields[0]), let time = Self.nanoseconds(fields[1]) else {
            return nil
        }
        let isCertain = !hasLeftOut.withLock { $0 }
        return PacketTrigger.Match(
            option: Self.option, source: fields[2].printable, time: time, number: isCertain ? packets + number : nil)
    }

    private static func nanoseconds(_ text: String) -> UInt64? {
        let parts = text.split(separator: ".")
        guard (1...2).contains(parts.count), let seconds = UInt64(parts[0]), seconds < 1 << 33 else { return nil }
        let fraction = parts.count == 2 ? String(parts[1].prefix(9)) : ""
        guard let rest = UInt64(fraction + String(repeating: "0", count: 9 - fraction.count)) else { return nil }
        return seconds * 1_000_000_000 + rest
    }
}
