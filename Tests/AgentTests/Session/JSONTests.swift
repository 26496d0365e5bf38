import Testing

@testable import Agent

@Suite("JSON, to the letter of RFC 8259")
struct JSONTests {
    private func read(_ text: String) -> JSON? {
        try? JSONReader.read([UInt8](text.utf8))
    }

    private func refusal(_ bytes: [UInt8]) -> JSONReader.Malformation? {
        do {
            _ = try JSONReader.read(bytes)
            return nil
        } catch {
            return error
        }
    }

    // MARK: What must be read

    @Test(
        arguments: [
            ("null", .null), ("true", .boolean(true)), ("false", .boolean(false)), ("[]", .array([])),
            ("{}", .object([])),
            (#""""#, .string("")), (" \t\n\r null \t\n\r ", .null), ("[ ]", .array([])), ("{ }", .object([])),
            ("[null,true]", .array([.null, .boolean(true)])),
            ("[[],[[]]]", .array([.array([]), .array([.array([])])])),
            ("[1\n,\t2]", .array([.number("1"), .number("2")])),
            (#"{"a":1}"#, .object([.init(name: "a", value: .number("1"))])),
            (
                #"{ "a" : 1 , "b" : [ ] }"#,
                .object([.init(name: "a", value: .number("1")), .init(name: "b", value: .array([]))])
            ),
            (#"{"":0}"#, .object([.init(name: "", value: .number("0"))])),
            (
                #"{"a":1,"a":2}"#,
                .object([.init(name: "a", value: .number("1")), .init(name: "a", value: .number("2"))])
            ),
        ] as [(String, JSON)])
    func `has values in values`(_ text: String, _ value: JSON) {
        #expect(read(text) == value)
    }

    @Test(arguments: [
        "0", "-0", "1", "10", "-123", "1234567890123456789012345678901234567890", "0.5", "-0.0", "1.50", "123.456e78",
        "0e1", "0E+1", "1e-5", "20e1", "1.5E+10", "1e0099",
    ])
    func `has numbers, kept as they are written`(_ text: String) {
        #expect(read(text) == .number(ByteString(text: text)))
        #expect(read("[\(text)]") == .array([.number(ByteString(text: text))]))
    }

    @Test(arguments: [
        (#"a b"#, "a b"), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u0041\u00e9\u20AC"#, "Aé€"),
        (#"\u0000"#, "\0"), (#"\uD83D\uDE00"#, "😀"), (#"\ud800\udc00"#, "\u{10000}"), (#"\uDBFF\uDFFF"#, "\u{10FFFF}"),
        (
            "\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}",
            "\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}"
        ),
        ("\u{2028}\u{2029}", "\u{2028}\u{2029}"), ("é日本😀", "é日本😀"), ("[{,:'/*", "[{,:'/*"),
        // Halves of a surrogate pair alone, as RFC 8259 (8.2) leaves open.
        (#"\uD83D"#, "\u{FFFD}"), (#"\uDE00"#, "\u{FFFD}"), (#"\uD83Dx"#, "\u{FFFD}x"),
        (#"\uDE00\uD83D"#, "\u{FFFD}\u{FFFD}"), (#"\uD83D\n"#, "\u{FFFD}\n"), (#"\uD83D\u0041"#, "\u{FFFD}A"),
        (#"\uD83D\uD83D\uDE00"#, "\u{FFFD}😀"),
    ])
    func `has strings with every escape`(_ text: String, _ value: String) {
        #expect(read("\"\(text)\"") == .string(ByteString(text: value)))
        #expect(read("{\"\(text)\":0}") == .object([.init(name: ByteString(text: value), value: .number("0"))]))
    }

    @Test
    func `has members by name, the last of several`() {
        let object = read(#"{"a":1,"b":2,"a":3}"#)
        #expect(object?.member("a") == .number("3"))
        #expect(object?.member("b") == .number("2"))
        #expect(object?.member("c") == nil)
        #expect(read("[1]")?.member("a") == nil)
    }

    // MARK: What must be refused

    @Test(arguments: [
        "", " ", "\n", "nul", "nulll", "Null", "TRUE", "True", "tru", "truefalse", "NaN", "Infinity", "-Infinity",
        "undefined",
        "a", "'a'", "<null>", "*", "\u{FEFF}null", "\u{A0}null", "\u{C}null", "\u{B}1", "\0", "null\0", "1 2", "[] []",
        "{}{}",
        "[][", "// c\n1", "/**/1", "1//", "#1", "1,", ",", ":", "]", "}", "\\", "\\u0031",
    ])
    func `is one value and nothing else`(_ text: String) {
        #expect(read(text) == nil)
    }

    @Test(arguments: [
        "+1", "01", "-01", "00", "-", "--1", "1.", "-1.", ".5", "-.5", "1.e1", "1e", "1e+", "1E-", "1e1.5", "1e1e1",
        "1.5.5",
        "0x10", "1_000", "1a", "1 000", "- 1", "-a", "1٣", "１", "0.", "0e", "1e+-1", "1.2a", "∞", "0b1", "0o7",
    ])
    func `has numbers in one form only`(_ text: String) {
        #expect(read(text) == nil)
        #expect(read("[\(text)]") == nil)
    }

    @Test(arguments: [
        "[", "[1", "[1,", "[,", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[1:2]", "[1;2]", "[1}", "[\"a\"", "[1\u{C}]", "[a]",
        "[*]",
        "[[]", "[]]", "[1]x", "[1],", "[\"\",\n4,\n1,", "[x", "[]extra", "[-]", "[--2.]", "[\"x\"",
    ])
    func `has arrays with a comma between each two`(_ text: String) {
        #expect(read(text) == nil)
    }

    @Test(arguments: [
        "{", "{,", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a""#, #"{"a":1"#, #"{"a":1,"#, #"{"a":1,}"#, #"{"a":1,,"b":2}"#,
        #"{"a":1 "b":2}"#, #"{:1}"#, #"{a:1}"#, #"{'a':1}"#, #"{1:1}"#, #"{null:1}"#, #"{"a",1}"#, #"{"a"::1}"#,
        #"{"a":1]"#, #"{"a":1}}"#, #"{"a" 1}"#, #"{"a"=1}"#, #"{[1]:1}"#, #"{{}:1}"#, #"{"a":1}#"#, #"{"a":1}//"#,
        #"{"a":"b"/**/}"#, #"{"#, #"{"\u00E":1}"#,
    ])
    func `has objects with quoted names`(_ text: String) {
        #expect(read(text) == nil)
    }

    @Test(arguments: [
        #"""#, #""a"#, #"a""#, #""\"#, #""\""#, #""\x00""#, #""\a""#, #""\'""#, #""\0""#, #""\ ""#, #""\u""#, #""\u0""#,
        #""\u004""#, #""\u004g""#, #""\u 041""#, #""\u+041""#, #""\U0041""#, #""\u00"#, #""\uD83D\u""#,
        #""\uD83D\uDE0""#,
        #""\uD83D\x""#, #""\é""#, "\"\n\"", "\"\t\"", "\"\r\"", "\"\0\"", "\"\u{1F}\"", "\"a\u{1}b\"", #""a"b""#,
        #""""""#,
        #""\u{41}""#, #""\uＡ041""#,
    ])
    func `has strings that end, without control characters and other escapes`(_ text: String) {
        #expect(read(text) == nil)
    }

    @Test(
        arguments: [
            [0x80], [0xC3], [0xC3, 0x41], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFF], [0xFE], [0xE2, 0x82],
        ] as [[UInt8]])
    func `is UTF-8`(_ bytes: [UInt8]) {
        #expect(refusal([0x22] + bytes + [0x22]) != nil)
        #expect(refusal([0x7B, 0x22] + bytes + [UInt8]("\":0}".utf8)) != nil)
        #expect(refusal(bytes) != nil)
    }

    @Test
    func `is UTF-8 and neither UTF-16 nor UTF-32`() {
        #expect(refusal([0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00]) != nil)
        #expect(refusal([0x00, 0x5B, 0x00, 0x5D]) != nil)
        #expect(refusal([0x5B, 0x00, 0x00, 0x00, 0x5D, 0x00, 0x00, 0x00]) != nil)
    }

    @Test(arguments: [
        (#"[{"a":01}]"#, 7), (#"{"a":1,}"#, 7), ("[1,2", 4), (#"["a\qb"]"#, 5), ("nul", 0), ("[] x", 3),
    ])
    func `says where it is wrong`(_ text: String, _ offset: Int) {
        #expect(refusal([UInt8](text.utf8))?.offset == offset)
    }

    // MARK: Size

    @Test
    func `may be nested so deep and no deeper`() {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)
        }
        for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
            let deepest = JSONReader.deepest / (open.hasPrefix("[{") ? 2 : 1)
            #expect(read(nested(deepest, open, close)) != nil)
            #expect(read(nested(deepest + 1, open, close)) == nil)
            #expect(
                refusal([UInt8](nested(100_000, open, close).utf8))?.description.description
                    == "it is nested too deeply")
        }
    }

    @Test
    func `may have many values side by side at any depth`() {
        let text = "[\(String(repeating: "[[[]]],", count: 1000))[]]"
        guard case .array(let elements) = read(text) else {
            Issue.record("not an array")
            return
        }
        #expect(elements.count == 1001)
    }

    @Test
    func `may be huge`() {
        let count = 1 << 17
        let time = ContinuousClock().measure {
            #expect(read("\"\(String(repeating: "x", count: count))\"") == .string("x".repeated(count)))
            #expect(read(String(repeating: "9", count: count)) == .number("9".repeated(count)))
            #expect(read(String(repeating: " ", count: count)) == nil)
        }
        print("384 kB of JSON: \(time) in this build")
        #expect(time < .seconds(30))
    }
}
