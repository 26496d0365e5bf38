import Testing

@testable import Client

@Suite("The state of a run")
struct RunStatusTests {
    private func run(
        _ file: String? = nil, size: Int64 = 12_300_000, completeFiles: Int? = nil, duration: Duration? = nil,
        event: RunStatus.Event? = nil
    ) -> RunStatus {
        let output = file.map { OutputProgress(file: $0, size: size, completeFiles: completeFiles) }
        return RunStatus(elapsed: .seconds(754), duration: duration, output: output, event: event)
    }

    @Test
    func `is the time, the file and its size, the files kept, and the event`() {
        #expect(run().parts == ["12:34 elapsed"])
        #expect(run("x.pcap", duration: .seconds(3600)).parts == ["12:34 of 1:00:00", "'x.pcap' has 12.3 MB"])
        #expect(
            run("x.pcap", completeFiles: 1, event: .awaited(["--until 'udp'", "--until-display 'http'"])).parts == [
                "12:34 elapsed", "'x.pcap' has 12.3 MB", "1 complete file kept",
                "waiting for --until 'udp' or --until-display 'http'",
            ])
        #expect(
            run(event: .came(option: "--until", remaining: .milliseconds(12_900))).parts.last
                == "what --until waits for has come: 0:12 left")
    }

    @Test
    func `is one line where there is room, and else a few`() {
        let run = run("web_00003_20261130013000.pcapng", completeFiles: 10, event: .awaited(["--until crash"]))
        #expect(
            run.lines(columns: 200) == [
                "12:34 elapsed; 'web_00003_20261130013000.pcapng' has 12.3 MB; 10 complete files kept; waiting for --until crash"
            ])
        #expect(
            run.lines(columns: 79) == [
                "12:34 elapsed; 'web_00003_20261130013000.pcapng' has 12.3 MB",
                "10 complete files kept; waiting for --until crash",
            ])
        #expect(
            run.lines(columns: 39) == [
                "12:34 elapsed", "'..._20261130013000.pcapng' has 12.3 MB",
                "10 complete files kept", "waiting for --until crash",
            ])
    }

    @Test
    func `fits every width`() {
        let run = run(
            "captures/web_00003_20261130013000.pcapng", completeFiles: 10,
            event: .awaited(["--until-display 'http.response.code == 503'"]))
        for columns in 1...120 {
            #expect(run.lines(columns: columns).allSatisfy { $0.count <= columns }, "\(columns)")
        }
    }

    @Test
    func `has one column for each character, which no terminal takes for a command`() {
        let lines = run("\u{1B}[2Jä漢\n.pcap", event: .awaited(["--until '\u{7}'"])).lines(columns: 200)
        #expect(lines == [#"12:34 elapsed; '\u{1b}[2J??\u{a}.pcap' has 12.3 MB; waiting for --until '\u{7}'"#])
    }
}
