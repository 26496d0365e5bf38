import Testing

@testable import Agent

/// Quoted forms were checked against Go's strconv.QuoteToASCII; which values are quoted, against the rules of log/slog.
@Suite("Quoting of log values, as Go's slog does it")
struct QuotingTests {
    private func written(_ value: [UInt8]) -> String {
        var line: [UInt8] = []
        Quoting.append(value, to: &line)
        return String(decoding: line, as: UTF8.self)
    }

    @Test(arguments: [
        "lo", "eth0", "a,b;c", "tcp[13]&2", "'", "`", #"a\b"#, #"\n"#, "<>&", "{}", "#",
        "\u{7F}",
    ])
    func `leaves bare what can be told apart`(_ value: String) {
        #expect(written([UInt8](value.utf8)) == value)
    }

    @Test(arguments: [
        ("", #""""#), (" ", #"" ""#), ("not tcp port 2222", #""not tcp port 2222""#), ("a=b", #""a=b""#),
        (#"say "hi""#, #""say \"hi\"""#), (#"C:\x y"#, #""C:\\x y""#),
        ("\u{7F} ", #""\x7f ""#),
        ("\u{A0}", #""\u00a0""#), ("\u{AD}", #""\u00ad""#), ("\u{85}", #""\u0085""#), ("\u{200B}", #""\u200b""#),
        ("\u{2028}", #""\u2028""#), ("\u{2060}", #""\u2060""#), ("\u{3000}", #""\u3000""#), ("\u{FEFF}", #""\ufeff""#),
        ("\u{E000}", #""\ue000""#), ("\u{378}", #""\u0378""#), ("\u{600}", #""\u0600""#), ("\u{FFFE}", #""\ufffe""#),
        ("\u{E0001}", #""\U000e0001""#), ("\u{F0000}", #""\U000f0000""#), ("\u{10FFFF}", #""\U0010ffff""#),
        ("é", #""\u00e9""#), ("日 本", #""\u65e5 \u672c""#), ("😀", #""\U0001f600""#), ("\u{FFFD}", #""\ufffd""#),
        ("\u{80}\u{7FF}\u{800}\u{D7FF}", #""\u0080\u07ff\u0800\ud7ff""#), ("\u{FFFF}\u{10000}", #""\uffff\U00010000""#),
        ("!~", "!~"), ("! ~", #""! ~""#),
    ])
    func `quotes what is empty, has a space, a sign of its own or what is not ASCII`(
        _ value: String, _ quoted: String
    ) {
        #expect(written([UInt8](value.utf8)) == quoted)
    }

    @Test(
        arguments: [
            ([0xFF], #""\xff""#), ([0x61, 0xC3], #""a\xc3""#), ([0xE2, 0x82], #""\xe2\x82""#),
            ([0xC0, 0x80], #""\xc0\x80""#), ([0xED, 0xA0, 0x80], #""\xed\xa0\x80""#),
            ([0xF4, 0x90, 0x80, 0x80], #""\xf4\x90\x80\x80""#), ([0xF0, 0x9F, 0x98], #""\xf0\x9f\x98""#),
            ([0xC3, 0xA9, 0x80], #""\u00e9\x80""#), ([0xE2, 0x82, 0x41], #""\xe2\x82A""#),
            ([0xE2, 0xC3, 0xA9], #""\xe2\u00e9""#),
            ([0xC1, 0xBF], #""\xc1\xbf""#), ([0xE0, 0x9F, 0xBF], #""\xe0\x9f\xbf""#), ([0xBF], #""\xbf""#),
            ([0xF0, 0x8F, 0xBF, 0xBF], #""\xf0\x8f\xbf\xbf""#), ([0xED, 0xBF, 0xBF], #""\xed\xbf\xbf""#),
            ([0xF5, 0x80, 0x80, 0x80], #""\xf5\x80\x80\x80""#), ([0xF8, 0x88, 0x80], #""\xf8\x88\x80""#),
        ] as [([UInt8], String)])
    func `writes bytes that are no UTF-8 one by one`(_ value: [UInt8], _ quoted: String) {
        #expect(written(value) == quoted)
    }

    @Test(arguments: 0..<0x20 as Range<UInt8>)
    func `escapes control characters`(_ byte: UInt8) {
        let names: [UInt8: String] = [7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r"]
        let digits = String(byte, radix: 16)
        let escape = names[byte] ?? "x\(byte < 16 ? "0" : "")\(digits)"
        #expect(written([byte]) == "\"\\\(escape)\"")
    }
}
