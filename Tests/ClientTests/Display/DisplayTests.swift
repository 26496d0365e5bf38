import Foundation
import Synchronization
import Testing

@testable import Client

@Suite("The display")
struct DisplayTests {
    /// What a display wrote, each step of it once the one before was written.
    private func written(
        quiet: Bool = false, isTerminal: Bool = false, _ steps: ((Display) throws -> Void)...
    ) throws -> String {
        let pipe = Pipe()
        let writer = TerminalWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, isTerminal: isTerminal)
        let display = Display(writer: writer, quiet: quiet)
        for step in steps {
            try step(display)
            display.finish()
            while !writer.isIdle { usleep(1000) }
        }
        try pipe.fileHandleForWriting.close()
        return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }

    private let id = CapturePoint(InstanceID(process: "web", index: 1), interface: "eth0")

    @Test
    func `says, warns and tells failures, each with its instance, in their order`() throws {
        let text = try written {
            $0.say("Hello.")
            $0.warn(id, "low on ring")
            $0.error(id, "no agent\u{1B}[31m")
            $0.error(nil, "disk full")
        }
        #expect(text == "Hello.\nweb/1: warning: low on ring\nweb/1: error: no agent\\u{1b}[31m\nerror: disk full\n")
    }

    @Test
    func `tells what many instances have in common once, with their names`() throws {
        let ids = (0..<20).map { CapturePoint(InstanceID(process: "web", index: $0), interface: "eth0") }
        let text = try written { display in
            for id in ids { display.error(id, "no agent") }
            display.warn(ids[3], "low on ring")
            display.warn(ids[3], "low on ring")
            display.error(CapturePoint(InstanceID(process: "worker", index: 1), interface: "eth0"), "no agent")
            display.say("Bye.")
        }
        #expect(
            text == """
                web/0-19, worker/1: error: no agent
                web/3: warning: low on ring (and 1 times more)
                Bye.

                """)
    }

    @Test(.timeLimit(.minutes(1)))
    func `tells it by itself when no more of it comes`() throws {
        let pipe = Pipe()
        let writer = TerminalWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, isTerminal: false)
        let display = Display(writer: writer, quiet: false)
        display.warn(id, "low on ring")
        let line = "web/1: warning: low on ring\n"
        #expect(try pipe.fileHandleForReading.read(upToCount: line.utf8.count) == Data(line.utf8))
    }

    @Test
    func `lets no instance crowd out the others`() throws {
        let other = CapturePoint(InstanceID(process: "web", index: 2), interface: "eth0")
        let text = try written {
            for number in 0..<10_000 { $0.warn(id, "\(number)") }
            $0.warn(other, "heard")
            $0.error(nil, "heard as well")
        }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 22)
        #expect(lines.suffix(2) == ["web/2: warning: heard", "error: heard as well"])
    }

    @Test
    func `is quiet but for warnings and failures`() throws {
        let text = try written(quiet: true) {
            $0.say("Hello.")
            $0.update([status(0, .capturing)])
            $0.summary([status(0, .ended)], order: OrderReport())
            $0.error(id, "no agent")
        }
        #expect(text == "web/1: error: no agent\n")
    }

    @Test
    func `warns of packets that are missing or out of order even where it is quiet`() throws {
        var lossy = status(0, .ended)
        lossy.dropped = 7
        let text = try written(quiet: true) {
            $0.summary([lossy, status(1, .ended)], order: OrderReport(counts: MergeOrder(late: 1)))
        }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("warning: 7 packets dropped") && lines[1].contains("too late"))
    }

    @Test
    func `has a line after ten seconds without a terminal, and one every five minutes behind it`() throws {
        let start = ContinuousClock.now
        let text = try written { display in
            for second in 0...700 {
                display.update([status(0, .capturing, packets: second)], at: start + .seconds(second))
            }
        }
        #expect(text.split(separator: "\n").map { $0.prefix(11) } == ["10 packets,", "310 packets", "610 packets"])
    }

    @Test
    func `draws a table over the last one, with what is said above it`() throws {
        let text = try written(
            isTerminal: true, { $0.update([status(0, .starting)]) }, { $0.say("Hello.") },
            { $0.update([status(0, .capturing)]) }, { $0.summary([status(0, .ended)], order: OrderReport()) })
        let starting =
            "INSTANCE  STATE     PACKETS  BYTES   RATE  DROPPED\nweb/0     starting        0    0 B  0 B/s        -\n"
        let up = "\r\u{1B}[2A\u{1B}[J"
        let capturing = starting.replacingOccurrences(of: "STATE    ", with: "STATE     ")
            .replacingOccurrences(of: "starting", with: "capturing")
        #expect(
            text == starting + up + "Hello.\n" + starting + up + capturing + up
                + "web/0: 0 packets, 0 B, dropped not known\n")
    }

    @Test
    func `finds the table again in a terminal that has become narrower`() {
        var painter = Painter()
        #expect(painter.paint(lines: [], table: ["123456789", ""], columns: 80) == "123456789\n\n")
        #expect(painter.paint(lines: ["x"], table: [], columns: 4) == "\r\u{1B}[4A\u{1B}[Jx\n")
        #expect(painter.paint(lines: ["y"], table: [], columns: 4) == "y\n")
    }

    @Test(.timeLimit(.minutes(1)))
    func `waits for no reader, and keeps no more than a thousand lines for it`() throws {
        let pipe = Pipe()
        let writer = TerminalWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, isTerminal: false)
        let display = Display(writer: writer, quiet: false)
        let line = String(repeating: "x", count: 1000)
        // More than a pipe holds, so that a write is under way that cannot end.
        for _ in 0..<500 { display.say(line) }
        var room = pollfd(fd: pipe.fileHandleForWriting.fileDescriptor, events: Int16(POLLOUT), revents: 0)
        while unsafe poll(&room, 1, 0) != 0 { usleep(1000) }
        let start = ContinuousClock.now
        display.finish()
        for _ in 0..<5000 { display.say("behind") }
        display.finish()
        #expect(ContinuousClock.now - start < .seconds(30))
        let reading = pipe.fileHandleForReading
        let text = Mutex("")
        let isRead = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            let all = String(decoding: (try? reading.readToEnd()) ?? Data(), as: UTF8.self)
            text.withLock { $0 = all }
            isRead.signal()
        }
        while !writer.isIdle { usleep(1000) }
        try pipe.fileHandleForWriting.close()
        isRead.wait()
        let lines = text.withLock { $0 }.split(separator: "\n")
        #expect(lines.filter { $0 == line }.count == 500)
        let behind = lines.count { $0 == "behind" }
        #expect((1...1000).contains(behind))
        #expect(lines.last == "(\(5000 - behind) lines could not be shown)")
    }

    @Test
    func `lives without a reader`() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        let writer = TerminalWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, isTerminal: false)
        try pipe.fileHandleForReading.close()
        let display = Display(writer: writer, quiet: false)
        display.say("Hello?")
        display.finish()
        display.say("Hello?")
        display.finish()
        while !writer.isIdle { usleep(1000) }
        try pipe.fileHandleForWriting.close()
    }
}
