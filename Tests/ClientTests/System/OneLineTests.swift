import Testing

@testable import Client

@Suite("Foreign text in one line")
struct OneLineTests {
    private static let page = """
        <!DOCTYPE html>
        <html><head><title>502 Bad Gateway</title><style>h1 { color: red }</style>
        <script>if (a < b) alert("no")</script></head>
        <body><!-- a padding to disable <b>friendly</b> errors --><center><h1>502 Bad Gateway</h1></center>
        <hr>nginx</body></html>
        """

    @Test(arguments: [
        (page, "502 Bad Gateway nginx"), ("Response code 502: \(page)", "Response code 502: 502 Bad Gateway nginx"),
        ("<html><body><h1>503</h1>\nNo server is available.\n</body></html>", "503 No server is available."),
        ("<html>", ""), ("<HTML><BODY>cut <scr", "cut"), ("<html><script>never ends", ""), ("<body", ""),
        ("a\n  b\tc", "a b c"), ("len < 100 or len > 50", "len < 100 or len > 50"), ("<html>a &amp; b", "a &amp; b"),
    ])
    func `holds the words of a page and no markup`(text: String, line: String) {
        #expect(text.inOneLine(limit: 100) == line)
    }

    @Test
    func `takes no longer for a page without end`() {
        let begin = threadTime()
        let text = "<html>" + String(repeating: "<script>x", count: 200_000)
        #expect(text.inOneLine(limit: 100) == "")
        #expect(threadTime() - begin < 2)
    }
}
