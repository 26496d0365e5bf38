import CLinux
import Testing

@testable import Agent

@Suite("The reply of the child process")
struct FilterReplyTests {
    private static func program(_ expression: ByteString) throws -> [UInt8] {
        FilterReply.program(try FilterHandle().compile(expression)).bytes
    }

    private static func rejection(_ message: String) -> [UInt8] {
        FilterReply.rejection(ByteString(text: message)).bytes
    }

    // MARK: Its content

    @Test(arguments: ["", "tcp port 8080", "host 10.0.0.1 or (udp and portrange 1-1000)"])
    func `carries a program unchanged`(_ expression: String) throws {
        let program = try FilterHandle().compile(ByteString(text: expression))
        guard case .program(let received) = FilterReply(FilterReply.program(program).bytes) else {
            Issue.record("not a program")
            return
        }
        #expect(received.words == program.words)
    }

    @Test(arguments: ["", "filter 'prot': syntax error", "P"])
    func `carries a refusal unchanged`(_ message: String) {
        guard case .rejection(let received) = FilterReply(Self.rejection(message)) else {
            Issue.record("not a refusal")
            return
        }
        #expect(received.text == message)
    }

    @Test
    func `is accepted with unknown instructions, which the kernel refuses`() {
        guard case .program(let received) = FilterReply([0x50, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]) else {
            Issue.record("not a program")
            return
        }
        #expect(received.words == [0x0201, 3, 4, 0x0807_0605])
        #expect(throws: BPFProgram.Refusal.invalidInstruction) { try received.requireAcceptance() }
    }

    // MARK: Its length

    @Test(arguments: ["", "no", String(repeating: "x", count: 70_000)])
    func `is complete at its length, from parts of any size`(_ message: String) {
        let whole = Self.rejection(message)
        for count in Array(0..<min(whole.count, 300)) + [whole.count - 1] {
            let missing = FilterReply.missing(behind: Array(whole.prefix(count)))
            #expect(missing == (count < 5 ? 5 : whole.count) - count)
            #expect(FilterReply(Array(whole.prefix(count))) == nil)
        }
        #expect(FilterReply.missing(behind: whole) == 0)
    }

    @Test(arguments: [1, 3, 1000])
    func `can be read in parts, and no byte after it is read`(_ size: Int) throws {
        let whole = try Self.program("tcp port 8080")
        var rest = (whole + [1, 2, 3])[...]
        var reply: [UInt8] = []
        while FilterReply.missing(behind: reply) > 0 {
            let part = rest.prefix(min(FilterReply.missing(behind: reply), size))
            reply += part
            rest = rest.dropFirst(part.count)
        }
        #expect(reply == whole)
        #expect(rest == [1, 2, 3])
    }

    @Test
    func `is invalid if more bytes follow than its length says`() throws {
        #expect(FilterReply(Self.rejection("no") + [0]) == nil)
        #expect(FilterReply(try Self.program("tcp") + [0, 0, 0, 0, 0, 0, 0, 0]) == nil)
    }

    @Test(arguments: [0x00_10_00_01, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF])
    func `is invalid, without a wait for more, if its length exceeds 1 MB`(_ length: Int) {
        for tag in "PR".utf8 {
            let bytes = [tag] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
            #expect(FilterReply.missing(behind: bytes) == 0)
            #expect(FilterReply(bytes) == nil)
        }
    }

    @Test(
        arguments: [
            [], [0x00], [0x70], [0x51], [0xFF], [0x50], [0x52], [0x50, 4, 0, 0, 0, 6, 0, 0, 0],
            [0x50, 9, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0], [0x51, 0, 0, 0, 0],
            [0x00, 8, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0],
            [0x52, 0, 0, 0, 1], [0x52, 1, 0, 0, 0],
        ] as [[UInt8]])
    func `is invalid if it is garbage`(_ bytes: [UInt8]) {
        #expect(FilterReply(bytes) == nil)
    }
}
