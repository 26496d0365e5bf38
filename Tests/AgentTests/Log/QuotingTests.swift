import Testing

@testable import Agent

/// The rules for quotes are those of Go's log/slog. The end-to-end tests unquote values as Go's strconv.Unquote does.
@Suite("A value in the log")
struct QuotingTests {
    private func written(_ value: [UInt8]) -> String {
        var line: [UInt8] = []
        Quoting.append(value, to: &line)
        return String(decoding: line, as: UTF8.self)
    }

    @Test(arguments: [
        "lo", "eth0", "a,b;c", "tcp[13]&2", "'", "`", #"a\b"#, #"\n"#, "<>&", "{}", "#", "!~", "\u{7F}",
    ])
    func `is bare if it is unambiguous`(_ value: String) {
        #expect(written([UInt8](value.utf8)) == value)
    }

    @Test(arguments: [
        ("", #""""#), (" ", #"" ""#), ("not tcp port 2222", #""not tcp port 2222""#), ("a=b", #""a=b""#),
        (#"say "hi""#, #""say \"hi\"""#), (#"C:\x y"#, #""C:\\x y""#), ("! ~", #""! ~""#),
        ("\u{7F} ", #""\x7f ""#), ("a\nb", #""a\x0ab""#),
    ])
    func `is in quotes if it is empty or holds a space, an equals sign, a quote or a control character`(
        _ value: String, _ quoted: String
    ) {
        #expect(written([UInt8](value.utf8)) == quoted)
    }

    @Test(
        arguments: [
            ([0xC3, 0xA9], #""\xc3\xa9""#), ([0xE2, 0x80, 0x8B], #""\xe2\x80\x8b""#),
            ([0xF0, 0x9F, 0x98, 0x80], #""\xf0\x9f\x98\x80""#), ([0x61, 0xC3], #""a\xc3""#), ([0xFF], #""\xff""#),
            ([0xC3, 0xA9, 0x80, 0x41], #""\xc3\xa9\x80A""#),
        ] as [([UInt8], String)])
    func `has each byte outside ASCII as two digits, in UTF-8 or not`(_ value: [UInt8], _ quoted: String) {
        #expect(written(value) == quoted)
    }

    @Test
    func `is printable ASCII, whatever its bytes`() {
        let every = [UInt8](0...UInt8.max)
        let text = written(every)
        #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        let plain = (0x20...0x7E).map { String(UnicodeScalar(UInt8($0))) }
        let expected = every.map { byte in
            switch byte {
            case 0x22: #"\""#
            case 0x5C: #"\\"#
            case 0x20...0x7E: plain[Int(byte) - 0x20]
            default: #"\x"# + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        #expect(text == "\"\(expected.joined())\"")
    }
}
