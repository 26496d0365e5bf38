import Testing

@testable import Client

@Suite("Lines")
struct LineSplitterTests {
    private func lines(_ pieces: [String]) -> [String] {
        var splitter = LineSplitter()
        var lines: [String] = []
        for piece in pieces { splitter.append(piece.utf8) { lines.append(String(decoding: $0, as: UTF8.self)) } }
        splitter.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }

    @Test
    func `are put together from pieces`() {
        #expect(lines(["a", "b\nc", "\r\n\n", "d"]) == ["ab", "c", "d"])
        #expect(lines([]) == [])
    }

    @Test
    func `are cut where they have no end`() {
        #expect(
            lines([String](repeating: String(repeating: "x", count: 1000), count: 1000)).map(\.count) == [
                LineSplitter.limit
            ])
        #expect(lines([String(repeating: "x", count: 100_000) + "\nnext\n"]).last == "next")
    }

    @Test
    func `that lack a part are dropped to their end`() {
        var splitter = LineSplitter()
        var lines: [String] = []
        splitter.append("whole\nbegi".utf8) { lines.append(String(decoding: $0, as: UTF8.self)) }
        splitter.dropLine(isWhole: false)
        splitter.append("nning\nnext\n".utf8) { lines.append(String(decoding: $0, as: UTF8.self)) }
        #expect(lines == ["whole", "next"])
    }
}
