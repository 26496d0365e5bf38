import CLinux
import CPcap
import Testing

@testable import Agent

@Suite("What the compiling process tells")
struct FilterReplyTests {
    private static func program(_ expression: ByteString) throws -> [UInt8] {
        FilterReply.program(try FilterHandle().compile(expression)).bytes
    }

    private static func program(_ instructions: [bpf_insn]) -> [UInt8] {
        FilterReply.program(Filter(instructions: instructions)).bytes
    }

    private static func rejection(_ message: String) -> [UInt8] {
        FilterReply.rejection(ByteString(text: message)).bytes
    }

    /// Class and kind of an instruction, how far it jumps, its operand.
    private static func instruction(_ code: Int32, _ ifTrue: UInt8 = 0, _ ifFalse: UInt8 = 0, _ operand: UInt32 = 0)
        -> bpf_insn
    {
        bpf_insn(code: UInt16(code), jt: ifTrue, jf: ifFalse, k: operand)
    }

    private static let end = instruction(BPF_RET | BPF_K)

    // MARK: What it is

    @Test(arguments: ["", "tcp port 8080", "host 10.0.0.1 or (udp and portrange 1-1000)"])
    func `arrives as it was sent: a program`(_ expression: String) throws {
        let filter = try FilterHandle().compile(ByteString(text: expression))
        let sent = FilterReply.program(filter).bytes
        guard case .program(let received) = FilterReply(sent) else {
            Issue.record("not a program")
            return
        }
        #expect(FilterReply.program(received).bytes == sent)
        #expect(received.instructions.map(Instruction.init) == filter.instructions.map(Instruction.init))
    }

    private struct Instruction: Equatable {
        let code: UInt16
        let jumps: [UInt8]
        let value: UInt32

        init(_ instruction: bpf_insn) {
            code = instruction.code
            jumps = [instruction.jt, instruction.jf]
            value = instruction.k
        }
    }

    @Test(arguments: ["", "filter 'prot': syntax error", "P"])
    func `arrives as it was sent: a refusal`(_ message: String) {
        guard case .rejection(let received) = FilterReply(Self.rejection(message)) else {
            Issue.record("not a refusal")
            return
        }
        #expect(received.text == message)
    }

    // MARK: Where it ends

    @Test(arguments: ["", "no", String(repeating: "x", count: 70_000)])
    func `ends where its length says, wherever it was cut on the way`(_ message: String) {
        let whole = Self.rejection(message)
        for count in Array(0..<min(whole.count, 300)) + [whole.count - 1] {
            let missing = FilterReply.missing(behind: Array(whole.prefix(count)))
            #expect(missing == (count < 5 ? 5 : whole.count) - count)
            #expect(FilterReply(Array(whole.prefix(count))) == nil)
        }
        #expect(FilterReply.missing(behind: whole) == 0)
    }

    @Test
    func `can be read part by part, and no byte of what stands behind it`() throws {
        for size in [1, 3, 1000] {
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
    }

    @Test
    func `is none where there is more than its length says`() throws {
        #expect(FilterReply(Self.rejection("no") + [0]) == nil)
        #expect(FilterReply(try Self.program("tcp") + [0, 0, 0, 0, 0, 0, 0, 0]) == nil)
    }

    @Test(arguments: [0x01_00_00_01, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF])
    func `is none, and not waited for, where it would be larger than any`(_ length: Int) {
        for tag in "PR".utf8 {
            let bytes = [tag] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
            #expect(FilterReply.missing(behind: bytes) == 0)
            #expect(FilterReply(bytes) == nil)
        }
    }

    // MARK: What it must not be

    @Test(
        arguments: [
            [], [0x00], [0x70], [0x51], [0xFF], [0x50], [0x52], [0x50, 0, 0, 0, 0], [0x50, 4, 0, 0, 0, 6, 0, 0, 0],
            [0x50, 9, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0], [0x51, 0, 0, 0, 0],
            [0x00, 8, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0],
            [0x52, 0, 0, 0, 1], [0x52, 1, 0, 0, 0],
        ] as [[UInt8]])
    func `is nothing where it is garbage`(_ bytes: [UInt8]) {
        #expect(FilterReply(bytes) == nil)
        #expect(FilterReply(bytes, allowingLoops: true) == nil)
    }

    @Test(
        arguments: [
            ("an unknown load", [instruction(BPF_LD | 0xE0), end]),
            ("an unknown calculation", [instruction(BPF_ALU | 0xF0), end]),
            ("an unknown jump", [instruction(BPF_JMP | 0xF0), end]),
            ("a jump past the end", [instruction(BPF_JMP | BPF_JEQ, 1, 0), end]),
            ("a jump past the end, always", [instruction(BPF_JMP | BPF_JA, 0, 0, 1), end]),
            ("a jump before the start", [instruction(BPF_JMP | BPF_JA, 0, 0, UInt32.max - 5), end]),
            ("a division by zero", [instruction(BPF_ALU | BPF_DIV | BPF_K), end]),
            ("memory that there is not", [instruction(BPF_ST, 0, 0, 16), end]),
            ("an unknown return", [instruction(BPF_RET | 0x08), end]),
            ("an instruction of no class", [instruction(0xFF), end]),
            ("no end", [instruction(BPF_LD | BPF_IMM)]), ("no instruction", []),
        ])
    func `is no program with`(_ what: String, _ instructions: [bpf_insn]) {
        #expect(FilterReply(Self.program(instructions)) == nil, "\(what)")
        #expect(FilterReply(Self.program(instructions), allowingLoops: true) == nil, "\(what)")
        #expect(FilterReply(Self.program([Self.end])) != nil)
    }

    @Test
    func `has the instructions that the kernel knows and no others`() {
        let socket = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(socket) }
        let (store, storeX) = (Self.instruction(BPF_ST, 0, 0, 1), Self.instruction(BPF_STX, 0, 0, 1))
        for code in Int32(0)...0xFFFF {
            // The kernel wants memory to be written before it is read, and divisors that are not 0.
            let program = [store, storeX, Self.instruction(code, 0, 0, 1), Self.end, Self.end]
            let isKnown = FilterReply(Self.program(program)) != nil
            if isKnown != Self.kernelTakes(program, on: socket) { Issue.record("\(code), known: \(isKnown)") }
        }
    }

    /// The corresponding C function is `setsockopt` with SO_ATTACH_FILTER.
    private static func kernelTakes(_ instructions: [bpf_insn], on socket: Int32) -> Bool {
        var instructions = instructions
        return unsafe instructions.withUnsafeMutableBufferPointer { instructions in
            // The layout of sock_fprog (linux/filter.h), of which the first two bytes of the length count.
            var program = unsafe bpf_program(bf_len: UInt32(instructions.count), bf_insns: instructions.baseAddress)
            return unsafe setsockopt(
                socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<bpf_program>.size)) == 0
        }
    }

    @Test
    func `may jump backwards only where the expression asks for that`() throws {
        let backwards = [
            Self.instruction(BPF_JMP | BPF_JEQ, 1, 0), Self.instruction(BPF_JMP | BPF_JA, 0, 0, UInt32.max - 1),
            Self.end,
        ]
        for bytes in [Self.program(backwards), try Self.program("ip6 protochain 6")] {
            #expect(FilterReply(bytes) == nil)
            guard case .program = FilterReply(bytes, allowingLoops: true) else {
                Issue.record("not a program")
                return
            }
        }
    }
}
