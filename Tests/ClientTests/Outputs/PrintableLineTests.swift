import Testing

@testable import Client

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite("Lines of another program")
struct PrintableLineTests {
    private func text(_ line: String) -> String {
        String(decoding: PrintableLine.text(Array(line.utf8)[...]), as: UTF8.self)
    }
    private func json(_ line: String) -> String {
        String(decoding: PrintableLine.json(Array(line.utf8)[...]), as: UTF8.self)
    }

    @Test
    func `stay as they are where all is printable`() {
        let line = #"10:53:20 web/0 eth0 10.0.0.1 → 10.0.0.2 TCP 54 "bücher" \ {"a":"b"}"#
        #expect(text(line) == line && json(line) == line)
    }

    @Test(arguments: [
        "\u{1b}]0;x\u{7}", "\u{202e}evil", "\u{0}", "a\rb", "\u{feff}", "\u{e000}", "\u{1F468}\u{200D}\u{1F469}",
    ])
    func `have no character that a terminal takes for a command, and JSON keeps its value`(_ value: String) throws {
        #expect(!text(value).unicodeScalars.contains { !$0.isPrintable })
        let line = json("{\"name\":\"\(value)\"}")
        #expect(!line.unicodeScalars.contains { !$0.isPrintable })
        #expect(try JSONDecoder().decode([String: String].self, from: Data(line.utf8)) == ["name": value])
    }

    @Test
    func `are printable though they are not UTF-8`() {
        let bytes: [UInt8] = [0x61, 0xFF, 0x9B, 0x33, 0x31, 0x6D]
        let line = String(decoding: PrintableLine.text(bytes[...]), as: UTF8.self)
        #expect(!line.unicodeScalars.contains { !$0.isPrintable } && line.hasPrefix("a"))
    }

    @Test
    func `are cut where they are longer than a packet makes them`() {
        var splitter = LongLineSplitter()
        var lines: [(count: Int, isWhole: Bool)] = []
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        func add(_ bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes { unsafe splitter.append($0) { lines.append(($0.count, $1)) } }
        }
        for _ in 0..<5 { add(piece) }
        add(Array("\nab\n\nc".utf8))
        add(Array("d\n".utf8))
        #expect(lines.map(\.count) == [LongLineSplitter.limit, 2, 0, 2])
        #expect(lines.map(\.isWhole) == [false, true, true, true])
    }
}
