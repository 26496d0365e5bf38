import CLinux
import CPcap
import Testing

@testable import Agent

@Suite("Filters")
struct FilterTests {
    /// An Ethernet frame with an IPv4 packet of TCP between two ports.
    private func tcp(_ source: UInt16, _ destination: UInt16) -> [Int: UInt8] {
        [
            12: 0x08, 14: 0x45, 23: 6, 34: UInt8(source >> 8), 35: UInt8(source & 0xFF), 36: UInt8(destination >> 8),
            37: UInt8(destination & 0xFF),
        ]
    }

    @Test
    func `select what the expression says`() throws {
        let filter = try FilterHandle().compile("tcp port 8080")
        #expect(FilterHandle.kept(by: filter, of: tcp(8080, 40_000)) > 0)
        #expect(FilterHandle.kept(by: filter, of: tcp(40_000, 8080)) > 0)
        #expect(FilterHandle.kept(by: filter, of: tcp(40_000, 8081)) == 0)
    }

    @Test
    func `leave out what is excluded, whatever the user asks for`() throws {
        let exclusion = Exclusion(ports: [2222, 61002])
        for expression in ["", "tcp", "tcp port 2222 or tcp port 8080", "port 2222 or port 61002 or not port 22"] {
            let filter = try FilterHandle().compile(exclusion.combined(with: ByteString(text: expression)))
            #expect(FilterHandle.kept(by: filter, of: tcp(2222, 40_000)) == 0)
            #expect(FilterHandle.kept(by: filter, of: tcp(40_000, 61002)) == 0)
            #expect(FilterHandle.kept(by: filter, of: tcp(8080, 40_000)) > 0)
        }
    }

    @Test
    func `select everything where they are empty`() throws {
        let filter = try FilterHandle().compile("")
        #expect(FilterHandle.kept(by: filter, of: tcp(2222, 1)) > 0)
    }

    @Test
    func `keep the bytes that the handle's snaplen allows`() throws {
        let filter = try FilterHandle(snaplen: 96).compile("")
        #expect(FilterHandle.kept(by: filter, of: [:], length: 1000) == 96)
    }

    @Test(arguments: [DLT_EN10MB, DLT_LINUX_SLL2, DLT_RAW, DLT_LINUX_SLL])
    func `are compiled for every link type that the agent meets`(_ linkType: Int32) throws {
        #expect(
            try !FilterHandle(linkType: linkType).compile("tcp port 8080 and not host 10.0.0.1").instructions.isEmpty)
    }

    @Test(arguments: [
        "port", "port 80)", "(port 80", "tcp prot 80", "port 80 and", "port 99999", "host 10.0.0.256.1", "and", "=",
        "\"",
        "port 80) or (tcp port 2222", "\u{1}", "é",
    ])
    func `that are malformed are refused in libpcap's words`(_ expression: String) throws {
        let words = try #require(FilterHandle().rejection(of: ByteString(text: expression)))
        #expect(!words.isEmpty)
    }

    @Test
    func `that can match nothing are refused`() {
        let combined = Exclusion(ports: [2222]).combined(with: "tcp port 2222 and not tcp port 2222")
        #expect(FilterHandle().rejection(of: combined) == "expression rejects all packets")
    }

    @Test
    func `cannot hold a NUL, which ends them`() throws {
        let filter = try FilterHandle().compile("tcp port 80\(ByteString([0])) garbage")
        #expect(try filter.instructions.count == FilterHandle().compile("tcp port 80").instructions.count)
    }
}

@Suite("What the compiling process tells")
struct FilterReplyTests {
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

    @Test(arguments: ["", "filter 'prot': syntax error", "P"])
    func `arrives as it was sent: a refusal`(_ message: String) {
        guard case .rejection(let received) = FilterReply(FilterReply.rejection(ByteString(text: message)).bytes) else {
            Issue.record("not a refusal")
            return
        }
        #expect(received.text == message)
    }

    @Test(
        arguments: [
            [], [0x00], [0x70], [0x51], [0xFF], [0x50, 1], [0x50, 1, 2, 3, 4, 5, 6, 7],
            [0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        ] as [[UInt8]])
    func `is nothing where it is garbage`(_ bytes: [UInt8]) {
        #expect(FilterReply(bytes) == nil)
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
}
