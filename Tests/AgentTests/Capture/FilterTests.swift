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

    // MARK: Parentheses

    @Test(arguments: [
        ("", true), ("tcp port 80", true), ("()", true), ("(tcp) or (udp)", true), ("((tcp))", true), ("(", false),
        (")", false), (")(", false), ("port 80) or (port 2222", false), ("(tcp", false), ("tcp)", false),
        ("(tcp))", false), ("(tcp)) or ((udp)", false), ("\n(\ttcp )", true), ("\u{FF08}tcp", true),
    ])
    func `have parentheses that match, or not`(_ expression: String, _ matches: Bool) {
        #expect(ByteString(text: expression).hasMatchingParentheses == matches)
    }

    @Test(arguments: ["port 80) or (port 2222", "1 = 1) or (1 = 1", ") or ("])
    func `whose parentheses do not match could undo what is excluded`(_ expression: String) throws {
        let exclusion = Exclusion(ports: [2222])
        guard let filter = try? FilterHandle().compile(exclusion.combined(with: ByteString(text: expression))) else {
            return
        }
        #expect(FilterHandle.kept(by: filter, of: tcp(2222, 40_000)) > 0)
        #expect(!ByteString(text: expression).hasMatchingParentheses)
    }

    // MARK: Programs

    /// The only expressions that libpcap compiles to a loop.
    @Test(arguments: ["ip6 protochain 6", "ip protochain 6", "protochain 6"])
    func `that follow a chain of headers jump backwards`(_ expression: String) throws {
        let filter = try FilterHandle().compile(ByteString(text: expression))
        #expect(filter.isValid(allowingLoops: true))
        #expect(!filter.isValid(allowingLoops: false))
    }

    @Test(arguments: ["", "tcp port 8080 and host 10.0.0.1", "ip6", "tcp[20:4] = 0x47455420", "vlan and port 80"])
    func `that do not have no loops`(_ expression: String) throws {
        #expect(try FilterHandle().compile(ByteString(text: expression)).isValid(allowingLoops: false))
    }
}
