import Testing

@testable import Client

@Suite("Printable texts")
struct PrintableTests {
    @Test(arguments: [
        ("plain é 字 🙂", "plain é 字 🙂"), ("\u{1B}[2J", "\\u{1b}[2J"), ("a\nb\r\tc", "a\\u{a}b\\u{d}\\u{9}c"),
        ("\u{9B}31m", "\\u{9b}31m"), ("\u{202E}cod", "\\u{202e}cod"), ("\u{0}\u{7F}", "\\u{0}\\u{7f}"),
        ("a\u{2028}b\u{200B}", "a\\u{2028}b\\u{200b}"), ("\u{E000}", "\\u{e000}"), ("\r\n", "\\u{d}\\u{a}"),
    ])
    func `command no terminal`(text: String, printable: String) {
        #expect(text.printable == printable)
    }

    @Test
    func `end somewhere`() {
        let text = String(repeating: "x", count: 1_000_000).printable
        #expect(text == String(repeating: "x", count: 2000) + "...")
        #expect(String(repeating: "x", count: 2000).printable.hasSuffix("x"))
    }

    @Test
    func `of a table have one column a character`() {
        #expect("e\u{301}字a\u{1B}".inColumns == "e??a\\u{1b}")
    }
}
