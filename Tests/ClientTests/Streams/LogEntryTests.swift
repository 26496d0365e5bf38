import Testing

@testable import Client

@Suite("A line of an agent's log")
struct LogEntryTests {
    private func read(_ line: String) -> LogEntry? { LogEntry(Array(line.utf8)) }

    @Test
    func `has a level, a message and attributes`() throws {
        let line = #"time=2026-11-21T12:00:00.123Z level=INFO msg="stopped capture" packets=12 bytes=34 dropped=5"#
        let entry = try #require(read(line))
        #expect(entry.level == .info)
        #expect(entry.message == "stopped capture")
        #expect(entry["packets"] == "12" && entry["dropped"] == "5" && entry["lost"] == nil)
        #expect(AgentCounts(entry)?.bytes == 34)
    }

    @Test
    func `values are quoted as Go does`() throws {
        let line =
            #"time=2026-11-21T12:00:00.123+01:00 level=ERROR msg="a \"b\" \\ \n\t\r\a\b\f\v \x41 \u00e9 \U0001f600 é" error="" x=y"#
        let entry = try #require(read(line))
        #expect(entry.message == "a \"b\" \\ \n\t\r\u{07}\u{08}\u{0C}\u{0B} A é \u{1F600} é")
        #expect(entry.attributes.map(\.name) == ["error", "x"])
        #expect(entry["error"]?.isEmpty == true && entry["x"] == "y")
    }

    @Test(arguments: [
        "", "FAILED", "bash: line 1: /tmp/lifecycle/cf-pcap: No such file or directory", "time=x", "time=x level=INFO",
        "time=x level=LOUD msg=a", "level=INFO msg=a", #"time=x level=INFO msg="a"#, #"time=x level=INFO msg="a\q""#,
        #"time=x level=INFO msg="\x4""#, #"time=x level=INFO msg="\uD800""#, "time=x level=INFO msg=a b",
        #"time=x level=INFO msg="a"b"#, "time=x level=INFO msg=a =b", #"time=x level=INFO msg="\x+1""#,
    ])
    func `anything else is none`(line: String) {
        #expect(read(line) == nil)
    }

    @Test
    func `is read whatever its bytes are`() {
        let line = Array(#"time=2026-11-21T12:00:00.123Z level=WARN msg="a \"b\" \x41" error="\u00e9" packets=1"#.utf8)
        for _ in 0..<3000 {
            var line = line
            for _ in 0...3 { line[.random(in: 0..<line.count)] = .random(in: 0...255) }
            _ = LogEntry(line.prefix(.random(in: 0...line.count)))
        }
    }

    @Test
    func `counts that are no numbers, or none of them, are not counted`() throws {
        #expect(try AgentCounts(#require(read("time=x level=INFO msg=a packets=x"))) == nil)
        #expect(try AgentCounts(#require(read("time=x level=INFO msg=a"))) == nil)
        #expect(try AgentCounts(#require(read("time=x level=INFO msg=a packets=1 dropped=-1"))) == nil)
    }
}
