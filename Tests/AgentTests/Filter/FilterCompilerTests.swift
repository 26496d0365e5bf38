import CLinux
import Testing

@testable import Agent

/// The parent waits for the reply of a child process. The test writes the reply to the pipe in place of the child.
@Suite("The wait for a compiled filter", .timeLimit(.minutes(1)))
struct FilterCompilerTests {
    private let signals: TestPipe
    private let replies: TestPipe
    private let reply = FilterReply.program(.acceptingAll).bytes

    init() throws {
        signals = try TestPipe(flags: O_NONBLOCK)
        replies = try TestPipe()
    }

    /// Waits for a reply. Returns the bytes of the reply, or nil after a reason to stop, and the logged lines.
    private func wait() throws -> (reply: [UInt8]?, lines: [String]) {
        var result: Result<[UInt8]?, Failure>?
        let lines = try logged { log in
            let stops = StopSource(Signals(descriptor: signals.readEnd), session: nil, stream: nil)
            let end = FileDescriptor(owning: dup(replies.readEnd))
            do throws(Failure) {
                result = .success(try FilterCompiler(log: log).readReply(from: end, until: stops))
            } catch {
                result = .failure(error)
            }
        }
        return (try #require(result).get(), lines)
    }

    private static func write(_ bytes: some Sequence<UInt8>, to descriptor: Int32) {
        let bytes = [UInt8](bytes)
        _ = unsafe bytes.withUnsafeBytes { unsafe CLinux.write(descriptor, $0.baseAddress, $0.count) }
    }

    @Test
    func `ends with the reply, and reads nothing after it`() throws {
        Self.write(reply + [1, 2, 3], to: replies.writeEnd)
        let (received, lines) = try wait()
        #expect(received == reply)
        #expect(lines.isEmpty)
        #expect(replies.read() == [1, 2, 3])
    }

    @Test
    func `goes on until the reply is complete, and is logged once after a second`() throws {
        let end = replies.writeEnd
        for (index, byte) in reply.enumerated() {
            later(milliseconds: UInt32(index) * 150) { Self.write([byte], to: end) }
        }
        let (received, lines) = try wait()
        #expect(received == reply)
        #expect(
            lines == [#"level=INFO msg="waiting for the filter to be compiled, its host names to be resolved""#])
    }

    @Test
    func `ends with a part of the reply if the child ends`() throws {
        Self.write(reply.dropLast(), to: replies.writeEnd)
        replies.closeWriteEnd()
        #expect(try wait().reply == reply.dropLast())
    }

    @Test
    func `ends without a reply at a reason to stop, which is logged`() throws {
        sendSignal(SIGTERM, to: signals.writeEnd)
        let (received, lines) = try wait()
        #expect(received == nil)
        #expect(lines == [#"level=INFO msg="received signal, stopping capture" signal=terminated"#])
    }

    @Test
    func `goes on if a report is requested`() throws {
        sendSignal(SIGUSR1, to: signals.writeEnd)
        let (end, reply) = (replies.writeEnd, reply)
        later(milliseconds: 100) { Self.write(reply, to: end) }
        let (received, lines) = try wait()
        #expect(received == reply)
        #expect(lines.isEmpty)
    }
}
