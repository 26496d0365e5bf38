import CLinux
import Testing

@testable import Agent

@Suite("The source of reasons to stop")
struct StopSourceTests {
    private let signals: TestPipe
    private let soon = MonotonicClock.now() + .seconds(30)

    init() throws {
        signals = try TestPipe(flags: O_NONBLOCK)
    }

    private func source(session: SSHSession? = nil, stream: Int32? = nil) -> StopSource {
        StopSource(Signals(descriptor: signals.readEnd), session: session, stream: stream)
    }

    @Test
    func `reports all signals in their order, before the first wait and after a stop`() {
        let source = source()
        for signal in [SIGINT, SIGUSR1] { sendSignal(signal, to: signals.writeEnd) }
        let now = MonotonicClock.now()
        #expect(source.next(at: now) == .stop(.signal("interrupt")))
        #expect(source.next(at: now) == .report)
        #expect(source.next(at: now) == nil)
        for (signal, name) in [(SIGTERM, "terminated"), (SIGHUP, "hangup"), (SIGINT, "interrupt")] {
            sendSignal(signal, to: signals.writeEnd)
            #expect(!source.wait(for: -1, 0, until: soon))
            #expect(source.next(at: now) == .stop(.signal(ByteString(text: name))))
            #expect(source.next(at: now) == nil)
        }
    }

    @Test
    func `ends a wait when the deadline has passed, with nothing to report`() {
        let source = source()
        let before = MonotonicClock.now()
        #expect(!source.wait(for: -1, 0, until: before + .milliseconds(20)))
        let waited = MonotonicClock.now() - before
        #expect(waited >= .milliseconds(20))
        #expect(waited < .seconds(10))
        #expect(source.next(at: MonotonicClock.now()) == nil)
        // A deadline in the past does not wait.
        #expect(!source.wait(for: -1, 0, until: before))
    }

    @Test
    func `ends a wait when the other descriptor is ready, with nothing to report`() throws {
        let other = try TestPipe()
        let source = source()
        #expect(!source.wait(for: other.readEnd, POLLIN, until: MonotonicClock.now()))
        #expect(source.wait(for: other.writeEnd, POLLOUT, until: soon))
        _ = other.write(1)
        #expect(source.wait(for: other.readEnd, POLLIN, until: soon))
        _ = other.read()
        other.closeWriteEnd()
        #expect(source.wait(for: other.readEnd, POLLIN, until: soon))
        #expect(source.next(at: MonotonicClock.now()) == nil)
    }

    @Test
    func `reports the end of the reader while nothing is written`() throws {
        let output = try TestPipe()
        let source = source(stream: output.writeEnd)
        #expect(!source.wait(for: -1, 0, until: MonotonicClock.now()))
        #expect(source.next(at: MonotonicClock.now()) == nil)
        close(output.giveAwayReadEnd())
        #expect(!source.wait(for: -1, 0, until: soon))
        #expect(source.next(at: MonotonicClock.now()) == .stop(.readerGone))
        #expect(source.next(at: MonotonicClock.now()) == nil)
    }

    @Test
    func `reports the end of the session once`() throws {
        let connection = try LoopbackConnection(.v4)
        let output = try TestPipe()
        let session = try SSHSession(connections: [connection])
        let source = source(session: session, stream: output.writeEnd)
        #expect(source.descriptors.socketTables.v4 >= 0)
        let later = MonotonicClock.now() + .seconds(10)
        #expect(source.next(at: later) == nil)
        try connection.closeForAll()
        #expect(source.next(at: later) == .stop(.sessionEnded))
        #expect(source.next(at: later + .seconds(3600)) == nil)
        sendSignal(SIGTERM, to: signals.writeEnd)
        #expect(!source.wait(for: -1, 0, until: soon))
        #expect(source.next(at: later) == .stop(.signal("terminated")))
    }

    @Test
    func `wakes up for the next check of the session`() throws {
        let connection = try LoopbackConnection(.v4)
        let output = try TestPipe()
        let source = source(session: try SSHSession(connections: [connection]), stream: output.writeEnd)
        let before = MonotonicClock.now()
        #expect(!source.wait(for: -1, 0, until: .distantFuture))
        #expect((.seconds(1) ... .seconds(20)).contains(MonotonicClock.now() - before))
        connection.close()
    }

    @Test
    func `reports all events of one wait, signals first`() throws {
        let output = try TestPipe()
        let source = source(stream: output.writeEnd)
        for signal in [SIGTERM, SIGUSR1] { sendSignal(signal, to: signals.writeEnd) }
        close(output.giveAwayReadEnd())
        #expect(!source.wait(for: -1, 0, until: soon))
        let events = (0..<4).map { _ in source.next(at: MonotonicClock.now()) }
        #expect(events == [.stop(.signal("terminated")), .report, .stop(.readerGone), nil])
    }

    @Test
    func `does not watch the session of a capture into a file`() throws {
        let connection = try LoopbackConnection(.v4)
        let source = source(session: try SSHSession(connections: [connection]), stream: nil)
        #expect(source.descriptors.socketTables == (-1, -1))
        connection.close()
        #expect(source.next(at: MonotonicClock.now() + .seconds(10)) == nil)
    }

    @Test(arguments: [
        (StopReason.signal("hangup"), #"level=INFO msg="received signal, stopping capture" signal=hangup"#),
        (.sessionEnded, #"level=INFO msg="SSH session ended, stopping capture""#),
        (.readerGone, #"level=INFO msg="reader of standard output is gone, stopping capture""#),
    ])
    func `logs one line for each reason`(_ reason: StopReason, _ line: String) throws {
        #expect(try logged { reason.report(to: $0) } == [line])
    }
}
