import CLinux
import CPcap
import Testing

@testable import Agent

@Suite("BPF programs")
struct BPFProgramTests {
    /// Returns the bytes, by their offsets, of an Ethernet frame with a TCP segment over IPv4 between two ports.
    private func tcp(_ source: UInt16, _ destination: UInt16) -> [Int: UInt8] {
        [
            12: 0x08, 14: 0x45, 23: 6, 34: UInt8(source >> 8), 35: UInt8(source & 0xFF), 36: UInt8(destination >> 8),
            37: UInt8(destination & 0xFF),
        ]
    }

    // MARK: Compiling

    @Test
    func `select the packets that the expression describes`() throws {
        let program = try FilterHandle().compile("tcp port 8080")
        #expect(FilterHandle.kept(by: program, of: tcp(8080, 40_000)) == 65_535)
        #expect(FilterHandle.kept(by: program, of: tcp(40_000, 8080)) == 65_535)
        #expect(FilterHandle.kept(by: program, of: tcp(40_000, 8081)) == 0)
    }

    @Test(arguments: ["", "tcp", "tcp port 2222 or tcp port 8080", "port 2222 or port 61002 or not port 22"])
    func `reject excluded ports whatever the user's expression selects`(_ expression: String) throws {
        let exclusion = Exclusion(ports: [2222, 61002])
        let program = try FilterHandle().compile(exclusion.combined(with: ByteString(text: expression)))
        #expect(FilterHandle.kept(by: program, of: tcp(2222, 40_000)) == 0)
        #expect(FilterHandle.kept(by: program, of: tcp(40_000, 61002)) == 0)
        #expect(FilterHandle.kept(by: program, of: tcp(8080, 40_000)) == 65_535)
    }

    @Test
    func `select everything if the expression is empty`() throws {
        let program = try FilterHandle().compile("")
        #expect(FilterHandle.kept(by: program, of: tcp(2222, 1)) == 65_535)
    }

    @Test
    func `keep as many bytes as the handle's snaplen`() throws {
        let program = try FilterHandle(snaplen: 96).compile("")
        #expect(FilterHandle.kept(by: program, of: [:], length: 1000) == 96)
    }

    @Test(arguments: [DLT_EN10MB, DLT_LINUX_SLL2, DLT_RAW, DLT_LINUX_SLL])
    func `can be compiled for every link type that the agent meets`(_ linkType: Int32) throws {
        let program = try FilterHandle(linkType: linkType).compile("tcp port 8080 and not host 10.0.0.1")
        #expect(program.instructions.count > 10)
    }

    @Test(arguments: [
        "port", "port 80)", "(port 80", "tcp prot 80", "port 80 and", "port 99999", "host 10.0.0.256.1", "and", "=",
        "\"", "port 80) or (tcp port 2222", "\u{1}", "é",
    ])
    func `are not compiled from malformed expressions, for which libpcap has a message`(_ expression: String) throws {
        let words = try #require(FilterHandle().rejection(of: ByteString(text: expression)))
        #expect(!words.isEmpty)
    }

    @Test
    func `are not compiled from expressions that select nothing`() {
        let combined = Exclusion(ports: [2222]).combined(with: "tcp port 2222 and not tcp port 2222")
        #expect(FilterHandle().rejection(of: combined) == "expression rejects all packets")
    }

    @Test
    func `are compiled from an expression up to its first NUL`() throws {
        let program = try FilterHandle().compile("tcp port 80\(ByteString([0])) garbage")
        #expect(try program.instructions.count == FilterHandle().compile("tcp port 80").instructions.count)
    }

    /// The child process that compiles therefore refuses expressions with unmatched parentheses.
    @Test(arguments: ["port 80) or (port 2222", "1 = 1) or (1 = 1"])
    func `select excluded ports if the user's parentheses do not match`(_ expression: String) throws {
        let combined = Exclusion(ports: [2222]).combined(with: ByteString(text: expression))
        let program = try FilterHandle().compile(combined)
        #expect(FilterHandle.kept(by: program, of: tcp(2222, 40_000)) == 65_535)
        #expect(!ByteString(text: expression).hasMatchingParentheses)
    }

    // MARK: The kernel

    @Test(arguments: ["", "tcp port 8080 and host 10.0.0.1", "ip6", "tcp[20:4] = 0x47455420", "vlan and port 80"])
    func `are accepted by the kernel as libpcap compiles them`(_ expression: String) throws {
        try FilterHandle().compile(ByteString(text: expression)).requireAcceptance()
    }

    @Test
    func `are refused with their length if they have more than 4,096 instructions`() {
        let program = BPFProgram(instructions: [sock_filter](repeating: Self.end, count: 4097))
        #expect(throws: BPFProgram.Refusal.tooManyInstructions(4097)) { try program.requireAcceptance() }
        #expect(throws: SystemError(number: EINVAL)) { try program.attach(to: -1) }
    }

    /// The kernel translates each instruction of the program into several, which need more than 131,072 bytes.
    @Test
    func `are refused with their length if a socket has too little memory for them`() {
        let load = Self.instruction(BPF_LD | BPF_W | BPF_ABS)
        let program = BPFProgram(instructions: [sock_filter](repeating: load, count: 4095) + [Self.end])
        #expect(throws: BPFProgram.Refusal.tooMuchMemory(4096)) { try program.requireAcceptance() }
    }

    /// libpcap compiles no other expressions to a loop.
    @Test(arguments: ["ip6 protochain 6", "ip protochain 6", "protochain 6"])
    func `are refused if they loop`(_ expression: String) throws {
        let program = try FilterHandle().compile(ByteString(text: expression))
        #expect(throws: BPFProgram.Refusal.invalidInstruction) { try program.requireAcceptance() }
    }

    private static func instruction(
        _ code: Int32, _ ifTrue: UInt8 = 0, _ ifFalse: UInt8 = 0, _ operand: UInt32 = 0
    ) -> sock_filter {
        sock_filter(code: UInt16(code), jt: ifTrue, jf: ifFalse, k: operand)
    }

    private static let end = instruction(BPF_RET | BPF_K)

    /// Invalid programs, which libpcap never makes but a manipulated child process may send.
    @Test(
        arguments: [
            ("an unknown load", [instruction(BPF_LD | 0xE0), end]),
            ("an unknown calculation", [instruction(BPF_ALU | 0xF0), end]),
            ("an unknown jump", [instruction(BPF_JMP | 0xF0), end]),
            ("a jump past the end", [instruction(BPF_JMP | BPF_JEQ, 1, 0), end]),
            ("an unconditional jump past the end", [instruction(BPF_JMP | BPF_JA, 0, 0, 1), end]),
            ("a jump before the start", [instruction(BPF_JMP | BPF_JA, 0, 0, UInt32.max - 5), end]),
            (
                "a jump backward",
                [instruction(BPF_JMP | BPF_JEQ, 1, 0), instruction(BPF_JMP | BPF_JA, 0, 0, UInt32.max - 1), end]
            ),
            ("a division by zero", [instruction(BPF_ALU | BPF_DIV | BPF_K), end]),
            ("memory that does not exist", [instruction(BPF_ST, 0, 0, 16), end]),
            ("an unknown return", [instruction(BPF_RET | 0x08), end]),
            ("an instruction of no class", [instruction(0xFF), end]),
            ("no end", [instruction(BPF_LD | BPF_IMM)]), ("no instruction", []),
        ])
    func `are refused by the kernel if they have`(_ flaw: String, _ instructions: [sock_filter]) {
        let program = BPFProgram(instructions: instructions)
        #expect(throws: BPFProgram.Refusal.invalidInstruction, "\(flaw)") { try program.requireAcceptance() }
    }

    @Test
    func `can be read back from the socket that they are attached to`() throws {
        let socket = FileDescriptor(owning: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        #expect(BPFProgram(attachedTo: socket.rawValue) == nil)
        let program = try FilterHandle().compile("tcp port 8080")
        try program.attach(to: socket.rawValue)
        #expect(BPFProgram(attachedTo: socket.rawValue)?.words == program.words)
    }
}
