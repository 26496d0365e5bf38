import CLinux
import Testing

@testable import Agent

/// Each test runs a loop with packets, signals and pipes that it controls.
@Suite("The loop", .timeLimit(.minutes(1)))
struct CaptureLoopTests {
    private static let packets = Packet.numbered(sizes: [60, 1500, 0, 9000, 65_535])
    private static let file = Packet.fileHeader(snaplen: 65_535) + packets.flatMap { $0.record }

    private let signals: TestPipe
    private let output: TestPipe

    init() throws {
        signals = try TestPipe(flags: O_NONBLOCK)
        output = try TestPipe(flags: O_NONBLOCK)
    }

    /// The end of a loop and its logged lines.
    private struct End {
        var outcome: LoopState.Outcome?
        var status: Agent.ExitStatus?
        var lines: [String] = []
    }

    private func run(_ source: TestSource, isVerbose: Bool = false) throws -> End {
        var end = End()
        end.lines = try logged(isVerbose: isVerbose) { log in
            let stops = StopSource(Signals(descriptor: signals.readEnd), session: nil, stream: output.writeEnd)
            guard let output = try? Output(descriptor: output.writeEnd),
                let loop = try? CaptureLoop(source, to: output, until: stops, log: log)
            else { return }
            let outcome = loop.runLoop()
            end.outcome = outcome
            end.status = loop.finish(outcome)
        }
        return end
    }

    private static let live =
        #"level=INFO msg="capturing, stop with Ctrl-C or pkill -INT cf-pcap" interface=test0"#
    private static let interrupt = #"level=INFO msg="received signal, stopping capture" signal=interrupt"#

    private static func summary(packets: Int, bytes: Int, dropped: Int = 0, truncated: Int = 0) -> String {
        #"level=INFO msg="stopped capture" packets=\#(packets) bytes=\#(bytes) dropped=\#(dropped) truncated=\#(truncated)"#
    }

    @Test
    func `writes all packets captured before a stop, and none after it`() throws {
        let later = Packet.numbered(sizes: [1, 2])
        let source = try TestSource([
            .packets(Array(Self.packets[..<2]), isLast: false), .packets(Array(Self.packets[2...])), .packets(later),
        ])
        source.counts = (5 + 3, 3)
        sendSignal(SIGINT, to: signals.writeEnd)
        let end = try run(source)
        #expect(end.outcome == .complete)
        #expect(end.status == .success)
        #expect(output.read() == Self.file)
        #expect(
            end.lines == [
                Self.interrupt,
                #"level=WARN msg="kernel dropped packets, they come faster than they are taken" dropped=3"#,
                Self.summary(packets: 5, bytes: Self.file.count, dropped: 3),
            ])
    }

    @Test
    func `is live once the output has accepted the file header, until a signal`() throws {
        let source = try TestSource([.packets(Self.packets)])
        source.counts = (5, 0)
        let stopper = signals.writeEnd
        later(milliseconds: 100) { sendSignal(SIGTERM, to: stopper) }
        let end = try run(source)
        #expect(end.outcome == .complete)
        #expect(output.read() == Self.file)
        #expect(
            end.lines == [
                Self.live, #"level=INFO msg="received signal, stopping capture" signal=terminated"#,
                Self.summary(packets: 5, bytes: Self.file.count),
            ])
    }

    @Test
    func `waits up to 800 ms for packets that the kernel has counted and not retired`() throws {
        let source = try TestSource([])
        source.counts = (2, 0)
        sendSignal(SIGINT, to: signals.writeEnd)
        let before = MonotonicClock.now()
        let end = try run(source)
        #expect((.milliseconds(800) ... .seconds(30)).contains(MonotonicClock.now() - before))
        #expect(end.outcome == .complete)
        #expect(end.status == .failure)
        #expect(
            end.lines.dropFirst() == [
                #"level=ERROR msg="capture failed" error="the kernel did not hand over all that it had captured" lost=2"#,
                Self.summary(packets: 2, bytes: 24) + " lost=2",
            ])
    }

    @Test
    func `drains a source that fails, and reports its first failure`() throws {
        let source = try TestSource([
            .packets(Array(Self.packets[..<1])), .failure(Failure("test0: The interface disappeared")),
            .packets(Array(Self.packets[1...])), .failure(Failure("again")),
        ])
        source.counts = (5, 0)
        let end = try run(source)
        #expect(end.outcome == .complete)
        #expect(end.status == .failure)
        #expect(output.read() == Self.file)
        #expect(
            end.lines == [
                Self.live,
                #"level=ERROR msg="capture failed" error="test0: The interface disappeared" lost=0"#,
                Self.summary(packets: 5, bytes: Self.file.count),
            ])
    }

    @Test
    func `ends without an error when the reader is gone`() throws {
        let source = try TestSource([.packets(Self.packets)])
        source.counts = (5, 0)
        let readEnd = output.giveAwayReadEnd()
        later(milliseconds: 100) { close(readEnd) }
        let end = try run(source)
        #expect(end.outcome == .readerGone)
        #expect(end.status == .success)
        #expect(
            end.lines == [
                Self.live, #"level=INFO msg="reader of standard output is gone, stopping capture""#,
                Self.summary(packets: 5, bytes: Self.file.count),
            ])
    }

    @Test
    func `abandons an output that accepts nothing for a second, and counts what is lost`() throws {
        let source = try TestSource([.packets(Self.packets)])
        source.counts = (7, 0)
        while output.write(4096) > 0 {}
        sendSignal(SIGINT, to: signals.writeEnd)
        let end = try run(source)
        #expect(end.outcome == .abandoned(.outputStalled))
        #expect(end.status == .failure)
        #expect(
            end.lines.dropFirst() == [
                #"level=ERROR msg="capture failed" error="standard output took nothing for 1 s" lost=7"#,
                Self.summary(packets: 7, bytes: 0) + " lost=7",
            ])
    }

    @Test
    func `stops at once at a second signal`() throws {
        let source = try TestSource([.packets(Self.packets)])
        source.counts = (5, 0)
        while output.write(4096) > 0 {}
        sendSignal(SIGINT, to: signals.writeEnd)
        let stopper = signals.writeEnd
        later(milliseconds: 400) { sendSignal(SIGTERM, to: stopper) }
        let end = try run(source)
        #expect(end.outcome == .abandoned(.secondSignal))
        #expect(
            end.lines.dropFirst().first
                == #"level=INFO msg="received another signal, stopping at once" signal=terminated"#)
    }

    @Test
    func `reports the counts on request, and truncated packets in them`() throws {
        let short = Packet(bytes: [1, 2, 3], length: 4)
        let source = try TestSource([.packets([short])])
        source.counts = (1, 0)
        let requester = signals.writeEnd
        later(milliseconds: 100) { sendSignal(SIGUSR1, to: requester) }
        later(milliseconds: 300) { sendSignal(SIGINT, to: requester) }
        let end = try run(source)
        #expect(end.lines.dropFirst().first == "level=INFO msg=capturing packets=1 bytes=43 dropped=0 truncated=1")
        #expect(end.lines.last == Self.summary(packets: 1, bytes: 43, truncated: 1))
    }

    @Test
    func `reads the ring from time to time while the interface is down`() throws {
        let source = try TestSource([.packets([]), .failure(Failure("test0: gone"))], isAnnounced: false)
        source.isInterfaceDown = true
        let end = try run(source)
        #expect(end.status == .failure)
        #expect(end.lines.contains { $0.contains("test0: gone") })
    }
}
