import Testing

@testable import Agent

@Suite("UTF-8")
struct UTF8DecodingTests {
    @Test(
        arguments: [
            "\0", "a", "\u{7F}", "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFD}", "\u{FFFF}",
            "\u{10000}", "\u{10FFFF}",
        ] as [Unicode.Scalar])
    func `is decoded scalar by scalar`(_ scalar: Unicode.Scalar) {
        var bytes = [UInt8](UTF8.encode(scalar)!)[...]
        bytes.append(0x21)
        #expect(UTF8Decoding.removeFirst(from: &bytes) == scalar)
        #expect(bytes == [0x21])
    }

    @Test(
        arguments: [
            ("a continuation byte", [0x80]), ("the last continuation byte", [0xBF]),
            ("a byte that never occurs", [0xFF]), ("another", [0xFE]),
            ("NUL in two bytes", [0xC0, 0x80]), ("the largest overlong form of two", [0xC1, 0xBF]),
            ("the smallest overlong form of three", [0xE0, 0x80, 0x80]),
            ("the largest overlong form of three", [0xE0, 0x9F, 0xBF]),
            ("the largest overlong form of four", [0xF0, 0x8F, 0xBF, 0xBF]),
            ("the first surrogate", [0xED, 0xA0, 0x80]), ("the last surrogate", [0xED, 0xBF, 0xBF]),
            ("U+110000", [0xF4, 0x90, 0x80, 0x80]), ("U+140000", [0xF5, 0x80, 0x80, 0x80]),
            ("five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]),
            ("the first byte of two alone", [0xC3]), ("the first of three alone", [0xE2]),
            ("two of three", [0xE2, 0x82]), ("three of four", [0xF0, 0x9F, 0x98]),
            ("a first byte and no continuation", [0xC3, 0x41]),
            ("the second continuation missing", [0xE2, 0x82, 0x41]),
            ("a first byte behind a first byte", [0xE2, 0xC3, 0xA9]),
        ] as [(String, [UInt8])])
    func `gives up one byte where none starts`(_ what: String, _ sequence: [UInt8]) {
        var bytes = sequence[...]
        #expect(UTF8Decoding.removeFirst(from: &bytes) == nil, "\(what)")
        #expect(bytes == sequence.dropFirst(), "\(what)")
    }

    @Test
    func `is what Swift takes it for, at the limits of all sequences of up to three bytes`() {
        let edges: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF,
        ]
        let sequences = (0...UInt8.max).flatMap { first in
            edges.flatMap { second in edges.map { third in [first, second, third] } }
        }
        let different = sequences.filter { sequence in
            var bytes = sequence[...]
            let scalar = UTF8Decoding.removeFirst(from: &bytes)
            let taken = sequence.prefix(sequence.count - bytes.count)
            return (scalar != nil) != (String(validating: taken, as: UTF8.self) != nil)
        }
        #expect(different == [])
    }
}
