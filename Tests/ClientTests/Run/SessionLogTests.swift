import Testing

@testable import Client

@Suite("A session's standard error")
struct SessionLogTests {
    private func log(_ lines: String...) -> (SessionLog, [SessionLog.Line]) {
        var log = SessionLog()
        let result = lines.map { log.append(Array($0.utf8)) }
        return (log, result)
    }

    @Test
    func `gives counts, warnings and the last error`() {
        let (log, lines) = log(
            "cf-pcap 1.2.3", "time=t level=DEBUG msg=capturing packets=1 bytes=2 dropped=3 truncated=4",
            #"time=t level=WARN msg="kernel dropped packets" dropped=3"#,
            #"time=t level=ERROR msg="capture failed" error="interface is gone""#,
            #"time=t level=INFO msg="stopped capture" packets=10 bytes=20 dropped=5 truncated=0 lost=1"#)
        #expect(
            lines == [
                .other, .other, .warning("kernel dropped packets: dropped=3"),
                .error("capture failed: interface is gone"),
                .other,
            ])
        #expect(log.agent == "cf-pcap 1.2.3" && log.isStopped && log.remarks.isEmpty)
        #expect(log.counts?.packets == 10 && log.counts?.dropped == 5 && log.counts?.lost == 1)
        #expect(log.agentError == "capture failed: interface is gone")
    }

    @Test
    func `shows a hint as words`() {
        let (_, lines) = log(#"time=t level=WARN msg="'outbound' selects nothing" hint="leave it out""#)
        #expect(lines == [.warning("'outbound' selects nothing: leave it out")])
    }

    @Test(arguments: ["cf-pcap 1\u{1B}[2J", "cf-pcap " + String(repeating: "1", count: 50), "cf-pcap 1 2", "cf-pcap "])
    func `takes nothing but a version for one`(line: String) {
        #expect(log(line).0.agent == nil)
    }

    @Test
    func `tells whether an agent has spoken`() {
        #expect(!log("FAILED", "Not logged in.").0.hasAgentSpoken)
        #expect(log("cf-pcap 1.2.3").0.hasAgentSpoken)
        #expect(log("Not logged in.", "time=t level=INFO msg=x").0.hasAgentSpoken)
    }

    @Test
    func `the platform's other agent counts nothing`() {
        let (log, lines) = log(
            #"time=t level=INFO msg="received signal, stopping capture" signal=interrupt"#,
            #"time=t level=INFO msg="stopped capture""#)
        #expect(lines == [.other, .other])
        #expect(log.counts == nil && log.agent == nil && !log.isStopped)
    }

    @Test
    func `what is no line of a log is kept, as much as a person reads`() {
        var (log, _) = log("bash: line 1: /tmp/lifecycle/cf-pcap: No such file or directory")
        #expect(log.remarks == "bash: line 1: /tmp/lifecycle/cf-pcap: No such file or directory\n")
        for _ in 0..<10_000 { _ = log.append(Array("noise".utf8)) }
        #expect(log.remarks.utf8.count < 5000)
    }

    @Test(arguments: ["-5", "1e3", "", String(repeating: "9", count: 4000)])
    func `knows no counts of which one cannot be read`(dropped: String) {
        var log = SessionLog()
        _ = log.append(Array("time=t level=INFO msg=capturing packets=1 dropped=\(dropped)".utf8))
        #expect(log.counts == nil)
    }

    @Test
    func `gives counts that can be added up, whatever it says`() {
        var log = SessionLog()
        let most = UInt64.max
        _ = log.append(Array("time=t level=INFO msg=capturing packets=\(most) dropped=\(Int64.max)".utf8))
        let board = StatusBoard()
        let id = CapturePoint(InstanceID(process: "web", index: 0), interface: "eth0")
        for _ in 0..<1000 {
            board.set(id, .capturing)
            if let counts = log.counts { board.setCounts(id, counts) }
            board.endSession(id, hasLastCounts: true)
        }
        #expect(Totals(board.statuses + board.statuses).dropped ?? 0 > 0)
    }
}
