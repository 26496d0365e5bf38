import Testing

@testable import Client

@Suite("A session's log")
struct LogReaderTests {
    private let start = ContinuousClock.now
    private let flood = [UInt8](repeating: UInt8(ascii: "x"), count: LogReader.burst)

    /// Returns the lines of pieces that come at these seconds, and the number of bytes that were skipped.
    private func read(_ pieces: (seconds: Int, bytes: [UInt8])...) -> (lines: [String], skipped: Int) {
        var reader = LogReader(at: start)
        var lines: [String] = []
        for piece in pieces {
            _ = unsafe piece.bytes.withUnsafeBytes { bytes in
                unsafe reader.append(bytes, at: start + .seconds(piece.seconds)) {
                    lines.append(String(decoding: $0.prefix(10), as: UTF8.self))
                }
            }
        }
        reader.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
        return (lines, reader.skippedBytes)
    }

    @Test
    func `of an agent is read whole`() {
        #expect(read((0, Array("a\nb".utf8)), (0, Array("c\nd".utf8))) == (["a", "bc", "d"], 0))
    }

    @Test
    func `that comes too fast is counted, and read on from a whole line later`() {
        let result = read((0, flood), (0, Array("skipped\nhalf ".utf8)), (1, Array("a line\nnext\n".utf8)))
        #expect(result == (["next"], "skipped\nhalf ".utf8.count))
    }

    @Test
    func `may bring no more after a long silence than at once`() {
        let result = read((3600, flood), (3600, Array("\nskipped\n".utf8)))
        #expect(result.skipped == "\nskipped\n".utf8.count)
    }

    @Test
    func `has its rate in the long run, however small the pieces`() {
        var reader = LogReader(at: start)
        let piece = Array("0123456789\n".utf8)
        var lines = 0
        for step in 0..<100_000 {
            _ = unsafe piece.withUnsafeBytes { bytes in
                unsafe reader.append(bytes, at: start + .microseconds(step * 100)) { _ in lines += 1 }
            }
        }
        let expected = (LogReader.burst + 10 * LogReader.rate) / piece.count
        #expect(abs(lines - expected) < expected / 50)
        #expect((lines + 1) * piece.count + reader.skippedBytes >= 100_000 * piece.count - 1000)
    }
}
