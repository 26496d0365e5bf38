import CLinux
import Testing

@testable import Agent

@Suite("A line of the log")
struct LogTests {
    @Test
    func `has a time, a level, a message and attributes`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        Log(descriptor: pipe.writeEnd).warn("libpcap warns") { $0.add("warning", "x") }
        let line = String(decoding: pipe.read(), as: UTF8.self)
        let time = #/time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/#
        #expect(line.prefixMatch(of: time) != nil)
        #expect(line.hasSuffix(#" level=WARN msg="libpcap warns" warning=x"# + "\n"))
    }

    @Test
    func `has slog's name for its level, and is left out at level DEBUG unless the log is verbose`() throws {
        func logAll(_ log: Log) {
            log.debug("d")
            log.info("i")
            log.warn("w")
            log.error("e")
        }
        let all = ["level=DEBUG msg=d", "level=INFO msg=i", "level=WARN msg=w", "level=ERROR msg=e"]
        #expect(try logged(isVerbose: true, logAll) == all)
        #expect(try logged(isVerbose: false, logAll) == Array(all.dropFirst()))
    }

    @Test
    func `is left out below the log's threshold`() throws {
        func lines(_ threshold: Log.Threshold) throws -> [String] {
            try logged(isVerbose: true) { log in
                log.threshold = threshold
                log.debug("m")
                log.info("m")
                log.warn("m")
                log.error("m")
            }
        }
        #expect(try lines(.everything).count == 4)
        #expect(try lines(.errors) == ["level=ERROR msg=m"])
        #expect(try lines(.nothing) == [])
    }

    @Test
    func `quotes messages and values alike`() throws {
        let lines = try logged { log in
            log.error("capture failed") {
                $0.add("error", "a=b")
                $0.add("empty", "")
                $0.add("bare", "a,b")
                $0.add("number", -5)
                $0.add("large", UInt64.max)
            }
            log.error(#"invalid value "x""#)
            log.error("bare")
        }
        #expect(
            lines == [
                #"level=ERROR msg="capture failed" error="a=b" empty="" bare=a,b number=-5 large=18446744073709551615"#,
                #"level=ERROR msg="invalid value \"x\"""#,
                "level=ERROR msg=bare",
            ])
    }

    @Test
    func `stays one line, whatever bytes a value holds`() throws {
        let every = ByteString(0...UInt8.max)
        let lines = try logged { log in log.info("m") { $0.add("a", every) } }
        #expect(lines.count == 1)
    }

    @Test
    func `is written whole if it is longer than a pipe accepts at once`() throws {
        let lines = try logged { log in log.info("m") { $0.add("a", "x".repeated(6000)) } }
        #expect(lines == ["level=INFO msg=m a=" + String(repeating: "x", count: 6000)])
    }

    @Test
    func `is not added to text that is printed`() throws {
        #expect(try logged { $0.print("Usage: a b\n  c\n") } == ["Usage: a b", "  c"])
    }

    @Test(.timeLimit(.minutes(1)))
    func `is left out if standard error accepts nothing`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        while pipe.write(4096) > 0 {}
        let log = Log(descriptor: pipe.writeEnd)
        let start = MonotonicClock.now()
        log.info("nobody reads this")
        let waited = MonotonicClock.now() - start
        #expect((.milliseconds(50) ..< .seconds(30)).contains(waited))

        _ = pipe.read()
        log.info("somebody reads this")
        #expect(String(decoding: pipe.read(), as: UTF8.self).hasSuffix("msg=\"somebody reads this\"\n"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `is completed before the next one if the pipe accepted a part of it`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        // A new pipe is small if the user has many (pipe(7), pipe-user-pages-soft).
        let length = Int(cf_pcap_pipe_capacity(pipe.writeEnd)) + 1000
        let long: ByteString = "x".repeated(length)
        let log = Log(descriptor: pipe.writeEnd)
        log.info("first") { $0.add("a", long) }
        log.info("second")
        var text = pipe.read()
        log.info("third")
        text += pipe.read()
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map { $0.drop { $0 != " " } }
        #expect(
            lines == [" level=INFO msg=first a=\(String(repeating: "x", count: length))", " level=INFO msg=third"])
    }

    @Test
    func `is left out if standard error is closed`() {
        Log(descriptor: -1).info("nowhere")
    }
}
