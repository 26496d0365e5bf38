internal import Synchronization

/// Prints tshark's lines on standard output, one for each packet, so that no text in them can command a terminal.
final class PacketPrinter: TsharkReader {
    private struct LeftOut {
        /// The packets that tshark was not given, and those of them that a line has told.
        var packets: UInt64 = 0
        var told: UInt64 = 0
        /// The packets that tshark has printed.
        var printed: UInt64 = 0
    }

    private let form: CaptureOptions.PrintedForm
    private let isFiltered: Bool
    private let output: FileDescriptor
    private let hasFailed = Mutex(false)
    private let leftOut = Mutex(LeftOut())

    /// Prints to `output`, which stays open. If the lines are those of a display filter (`isFiltered`), nobody knows how many
    /// packets they stand for.
    init(_ form: CaptureOptions.PrintedForm, isFiltered: Bool = false, to output: FileDescriptor = .standardOutput) {
        self.form = form
        self.isFiltered = isFiltered
        self.output = output
    }

    /// The arguments of tshark for lines of a form, of packets that a display filter selects.
    static func arguments(_ form: CaptureOptions.PrintedForm, displayFilter: String?) -> [String] {
        let selection = displayFilter.map { ["-Y", $0] } ?? []
        switch form {
        case .json: return ["-T", "ek"] + selection
        case .text: return ["-o", "gui.column.format:\(columns)"] + selection
        }
    }

    /// The columns of a line: time in UTC, instance and interface, source, destination, protocol, length, and what
    /// tshark makes of the packet
    /// (Wireshark's preference `gui.column.format`).
    private static let columns = [
        ("Time", "%Yut"), ("Interface", "%Cus:frame.interface_name:0:R"), ("Source", "%s"), ("Destination", "%d"),
        ("Protocol", "%p"), ("Length", "%L"), ("Info", "%i"),
    ].map { "\"\($0)\",\"\($1)\"" }.joined(separator: ",")

    var isClosed: Bool { hasFailed.withLock { $0 } || output.hasLostReader }

    func leftOut(_ packets: UInt64) {
        leftOut.withLock { $0.packets = packets }
    }

    func finish(given packets: UInt64, cut: Bool) {
        let printed = leftOut.withLock(\.printed)
        var text: [UInt8] = []
        if isFiltered {
            if cut { addLine(leftOut: nil, to: &text) }
        } else if packets > printed {
            addLine(leftOut: packets - printed, to: &text)
        }
        print(text)
    }

    func read(_ lines: FileDescriptor, after _: UInt64) {
        var text: [UInt8] = []
        var printed: UInt64 = 0
        lines.forEachLine { line, isWhole in
            // Once nobody reads them, lines are read and dropped, until tshark's input ends.
            if !hasFailed.withLock({ $0 }), add(line, isWhole: isWhole, to: &text) { printed += 1 }
        } flush: {
            addLeftOut(to: &text)
            print(text)
            text.removeAll(keepingCapacity: true)
        }
        leftOut.withLock { $0.printed += printed }
        addLeftOut(to: &text)
        print(text)
    }

    /// Adds tshark's line, unless it stands for no packet. Returns whether it stands for one.
    private func add(_ line: ArraySlice<UInt8>, isWhole: Bool, to text: inout [UInt8]) -> Bool {
        switch form {
        case .text:
            text += PrintableLine.text(line)
        case .json:
            // Each packet's line has one before it that only Elasticsearch wants.
            guard isWhole, !line.isEmpty, !line.starts(with: #"{"index":"#.utf8) else { return false }
            text += PrintableLine.json(line)
        }
        text.append(UInt8(ascii: "\n"))
        return true
    }

    /// Adds a line that says how many packets are missing before it.
    private func addLeftOut(to text: inout [UInt8]) {
        let count = leftOut.withLock { state in
            defer { state.told = state.packets }
            return state.packets - state.told
        }
        if count > 0 { addLine(leftOut: count, to: &text) }
    }

    /// Adds a line on packets that are left out; nil for a number that is not known.
    private func addLine(leftOut count: UInt64?, to text: inout [UInt8]) {
        let number = count.map { "\($0) \($0 == 1 ? "packet" : "packets")" } ?? "packets"
        let line =
            switch form {
            case .text: "(\(number) left out)\n"
            case .json: "{\"left_out\":\(count.map { "\($0)" } ?? "null")}\n"
            }
        text += Array(line.utf8)
    }

    private func print(_ text: [UInt8]) {
        guard !text.isEmpty, !hasFailed.withLock({ $0 }) else { return }
        unsafe text.withUnsafeBytes { bytes in
            var rest = unsafe bytes
            while unsafe !rest.isEmpty {
                guard let count = unsafe try? output.writeSome(rest) else { return hasFailed.withLock { $0 = true } }
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
