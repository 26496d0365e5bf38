import Testing

@testable import Client

@Suite("Packet filters")
struct PacketFilterTests {
    private let request = SamplePacket(
        source: [10, 0, 0, 1], destination: [10, 0, 1, 2], transport: .tcp(flags: 0x18), sourcePort: 40000,
        destinationPort: 8080)

    @Test
    func `are compiled for each link type`() throws {
        let (ethernet, cooked, raw) = (
            try PacketFilter("tcp dst port 8080", linkType: 1),
            try PacketFilter("tcp dst port 8080", linkType: 276),
            try PacketFilter("tcp dst port 8080", linkType: 101)
        )
        let packet = try #require(request.raw)
        #expect(ethernet.matches(request.ethernet) && !ethernet.matches(request.linuxCooked2))
        #expect(cooked.matches(request.linuxCooked2) && !cooked.matches(request.ethernet))
        #expect(raw.matches(packet) && !raw.matches(request.ethernet))
    }

    @Test
    func `go by the length on the wire, and end at what was kept`() throws {
        let long = try PacketFilter("greater 1000", linkType: 1)
        let port = try PacketFilter("tcp port 8080", linkType: 1)
        let bytes = request.ethernet
        #expect(unsafe bytes.withUnsafeBytes { unsafe long.matches($0, original: 1500) })
        for kept in 0..<bytes.count {
            let isWhole = kept >= 38
            let matches = unsafe bytes.prefix(kept).withUnsafeBytes { unsafe port.matches($0, original: 60) }
            #expect(matches == isWhole, "\(kept) bytes")
        }
    }

    /// Ethernet has 14 bytes, IPv4 20, IPv6 40; ports stand in the first 4 bytes behind them, flags in the 14th.
    @Test(arguments: [
        ("arp", 14), ("ip host 10.0.0.1", 34), ("ip and tcp port 80", 38), ("ip6 and tcp port 80", 58),
        ("tcp port 80", 58), ("tcp[13] & 4 != 0", 48), ("ip6[53] & 4 != 0", 68), ("greater 1000", 0),
        ("ether[200] = 1", 201),
    ])
    func `tell how much of a packet they look at`(expression: String, length: Int) throws {
        let filter = try PacketFilter(expression, linkType: 1)
        #expect(filter.inspectedLength == length)
        // Bytes behind that length change no verdict.
        let bytes = request.ethernet + [UInt8](repeating: 0, count: 300)
        let (whole, part) = unsafe (
            bytes.withUnsafeBytes { unsafe filter.matches($0, original: 500) },
            bytes.prefix(max(length, 1)).withUnsafeBytes { unsafe filter.matches($0, original: 500) }
        )
        #expect(whole == part)
    }

    @Test(arguments: [
        "tcp port", "nonsense words", "host no-such-name.invalid", "tcp[", "port 80\0 or tcp", "ip proto 300 and arp",
    ])
    func `that libpcap refuses are told in its words`(_ expression: String) {
        #expect {
            try PacketFilter(expression, linkType: 1)
        } throws: { error in
            !"\(error)".isEmpty
        }
    }

    @Test
    func `are refused for a link type that does not have what they ask for`() {
        #expect(throws: PacketFilterError.self) {
            try PacketFilter("ether host 2:2:2:2:2:2", linkType: 101)
        }
    }

    @Test
    func `compile and match in many tasks at once`() async throws {
        let bytes = request.ethernet
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for port in 8000..<8160 {
                group.addTask {
                    try PacketFilter("tcp port \(port)", linkType: 1).matches(bytes)
                        == (port == 8080)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
