import Testing

@testable import Client

@Suite("Simple filters")
struct SimpleFilterTests {
    /// What one combination of options says, by a packet's fields.
    struct Case: CustomStringConvertible, Sendable {
        var hosts: String?
        var ports: String?
        var protocols: String?
        var flags: String?

        var description: String {
            [("--host", hosts), ("--port", ports), ("--proto", protocols), ("--tcp-flags", flags)]
                .compactMap { option, value in value.map { "\(option) \($0)" } }.joined(separator: " ")
        }

        func filter() throws(UsageError) -> SimpleFilter {
            try SimpleFilter(
                hosts: list(hosts), ports: list(ports), protocols: list(protocols), tcpFlags: list(flags))
        }

        private func list(_ value: String?) -> [String] { value.map { [$0] } ?? [] }

        /// Says it by the packet's fields, without libpcap.
        func selects(_ packet: SamplePacket) -> Bool {
            any(hosts) { Self.isHost($0, of: packet) } && any(ports) { Self.isPort($0, of: packet) }
                && any(protocols) { Self.isProtocol($0, of: packet) } && any(flags) { Self.isFlag($0, of: packet) }
        }

        private func any(_ list: String?, _ isTrue: (String) -> Bool) -> Bool {
            list.map { $0.split(separator: ",").contains { isTrue(String($0)) } } ?? true
        }

        private static let hosts: [String: ([UInt8], Int)] = [
            "10.0.0.1": ([10, 0, 0, 1], 32), "192.0.2.7": ([192, 0, 2, 7], 32), "10.0.1.200/24": ([10, 0, 1], 24),
            "10.0.0.1/8": ([10], 8), "0.0.0.0/0": ([], 0),
            "fd00::1": ([0xFD] + [UInt8](repeating: 0, count: 14) + [1], 128),
            "fd00:1::99/32": ([0xFD, 0, 0, 1], 32), "2001:db8::/32": ([0x20, 1, 0x0D, 0xB8], 32),
            "fd00::/8": ([0xFD], 8),
            "::/0": ([], -1),
        ]

        private static func isHost(_ host: String, of packet: SamplePacket) -> Bool {
            guard let (prefix, length) = hosts[host] else { return false }
            let isIPv6 = length < 0 || host.contains(":")
            guard packet.isIPv6 == isIPv6 else { return false }
            return packet.source.starts(with: prefix) || packet.destination.starts(with: prefix)
        }

        private static func isPort(_ port: String, of packet: SamplePacket) -> Bool {
            switch packet.transport {
            case .tcp, .udp: break
            default: return false
            }
            let bounds = port.split(separator: "-").compactMap { UInt16($0) }
            let range = bounds[0]...bounds[bounds.count - 1]
            return range.contains(packet.sourcePort) || range.contains(packet.destinationPort)
        }

        private static func isProtocol(_ name: String, of packet: SamplePacket) -> Bool {
            switch (name, packet.transport) {
            case ("tcp", .tcp), ("udp", .udp), ("arp", .arp): true
            case ("icmp", .icmp): !packet.isIPv6
            case ("icmp6", .icmp): packet.isIPv6
            case ("ip", _): !packet.isIPv6 && packet.transport != .arp
            case ("ip6", _): packet.isIPv6
            default: false
            }
        }

        private static func isFlag(_ name: String, of packet: SamplePacket) -> Bool {
            guard case .tcp(let flags) = packet.transport else { return false }
            let bits = ["fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ece": 64, "cwr": 128]
            return flags & UInt8(bits[name] ?? 0) != 0
        }
    }

    private static let hosts = [
        nil, "10.0.0.1", "192.0.2.7,fd00::1", "10.0.1.200/24", "10.0.0.1/8", "0.0.0.0/0", "fd00:1::99/32",
        "2001:db8::/32,fd00::/8", "::/0",
    ]
    private static let ports = [nil, "80", "443,53", "8000-8010", "8000-8005,80"]
    private static let protocols = [
        nil, "tcp", "udp", "icmp", "icmp6", "arp", "ip", "ip6", "tcp,udp", "icmp,icmp6", "ip6,arp",
    ]
    private static let flags = [nil, "syn", "rst", "fin,psh", "urg,ece,cwr", "ack"]

    /// All combinations that are no contradiction.
    static let combinations = hosts.flatMap { host in
        ports.flatMap { port in
            protocols.flatMap { proto in
                flags.map { Case(hosts: host, ports: port, protocols: proto, flags: $0) }
            }
        }
    }.filter { (try? $0.filter()) != nil }

    @Test
    func `select exactly what they say, with IPv4 and IPv6, on Ethernet and on any`() throws {
        #expect(Self.combinations.count > 500)
        for combination in Self.combinations {
            guard let expression = try combination.filter().expression(and: nil) else { continue }
            let expected = SamplePacket.all.filter(combination.selects).map(\.description)
            #expect(!expected.isEmpty, "\(combination)")
            for link in SampleFilter.Link.allCases {
                let filter = try SampleFilter(expression, link)
                let selected = SamplePacket.all.filter(filter.matches).map(\.description)
                #expect(selected == expected, "\(combination): \(expression) on \(link)")
            }
        }
    }

    @Test
    func `select exactly what they say beside a filter of several words`() throws {
        let simple = Case(hosts: "10.0.0.1,fd00::1", ports: "80", protocols: "tcp", flags: "syn,rst")
        let expression = try #require(try simple.filter().expression(and: "src port 40000 or arp"))
        let filter = try SampleFilter(expression, .ethernet)
        let selected = SamplePacket.all.filter(filter.matches)
        let expected = SamplePacket.all.filter { simple.selects($0) && $0.sourcePort == 40000 }
        #expect(!selected.isEmpty && selected.map(\.description) == expected.map(\.description))
    }

    @Test(arguments: [
        (["10.0.0.1"], [], [], [], "host 10.0.0.1"),
        (["10.0.0.1/8"], [], [], [], "net 10.0.0.0/8"),
        (["10.0.0.1/32", "10.0.0.1"], [], [], [], "host 10.0.0.1"),
        (["FD00:0:0::1,db.internal"], [], [], [], "host fd00::1 or host db.internal"),
        (["fe80::1/10"], [], [], [], "net fe80::/10"),
        ([], ["80", "443,8000-8010"], [], [], "port 80 or port 443 or portrange 8000-8010"),
        ([], ["080", "80-80"], [], [], "port 80"),
        ([], ["53"], ["TCP,udp"], [], "(tcp or udp) and port 53"),
        ([], [], [], ["SYN,rst"], "tcp[13] & 6 != 0 or (ip6[6] = 6 and ip6[53] & 6 != 0)"),
        ([], [], ["ip6"], ["fin"], "ip6 and (tcp[13] & 1 != 0 or (ip6[6] = 6 and ip6[53] & 1 != 0))"),
    ])
    func `become one expression`(
        _ hosts: [String], _ ports: [String], _ protocols: [String], _ flags: [String], _ text: String
    )
        throws
    {
        let filter = try SimpleFilter(hosts: hosts, ports: ports, protocols: protocols, tcpFlags: flags)
        #expect(try filter.expression(and: nil) == text)
        #expect(!filter.isEmpty)
    }

    @Test(arguments: [
        "a or port 22", "a)or(b", "10.0.0.1 or tcp", "tcp", "TCP", "not", "host", "icmp-echo", "tcpflags", "vlan",
        "and", "",
        "10.0.0", "10.1", "10.0.0.256", "010.0.0.1", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/8/8", "10.0.0.1/-1", "/8",
        "fd00::/129",
        "fe80::1%eth0", "fd00::1::2", "[fd00::1]", "10.0.0.1:80", "::ffff:10.0.0.1", "::ffff:10.0.0.0/104",
        "00-00-5e-00-53-01", "0.0.5e.0.53.1", "0000.5e00.5301", "00005e005301", "1234", "0x1f", "a.0x1f", "a.7", "-a",
        "a-", "_a.b",
        "a..b", ".a", "a b", "a\tb", "a\nb", "a;b", "$(a)", "a&b", "a|b", "\\tcp", "bücher.de", "a/24", "*.a",
        "10.0.0.1,,10.0.0.2",
        String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "a",
    ])
    func `take no host that is none`(_ host: String) {
        #expect(throws: UsageError.self) { try SimpleFilter(hosts: [host], ports: [], protocols: [], tcpFlags: []) }
    }

    @Test(arguments: [
        "db", "db.internal", "db.internal.", "my_app.apps.internal", "a-1", "3com.com", "1e100.net",
        "de-ad-be-ef-ca-fe.com",
        "xn--bcher-kva.de", "host.net", "tcp.example.com",
    ])
    func `take a name for a name, as libpcap does`(_ name: String) throws {
        let filter = try SimpleFilter(hosts: [name], ports: [], protocols: [], tcpFlags: [])
        #expect(filter.names == [name])
        // libpcap looks it up, here in a domain that has no names (RFC 6761). A word of its own is a syntax error.
        let unknown = name.hasSuffix(".") ? "\(name)invalid" : "\(name).invalid"
        #expect {
            try SampleFilter("host \(unknown)", .ethernet)
        } throws: { error in
            "\(error)".contains("unknown host")
        }
    }

    @Test(arguments: [
        "tcp", "icmp6", "portrange", "gateway", "less", "tcp-syn", "icmp-echo", "tcpflags", "es-is", "l1", "hdpc",
    ])
    func `refuse as a host the words that libpcap does not take for one`(_ word: String) {
        #expect(PcapFilterWord.isKeyword(word))
        var problem = "none"
        do { _ = try SampleFilter("host \(word)", .ethernet) } catch { problem = "\(error)" }
        // Some are numbers, and so addresses.
        #expect(problem.contains("syntax error") || problem == "none")
    }

    @Test(arguments: [
        "", "http", "65536", "-1", "80-", "-80", "8010-8000", "80-90-100", "80 or tcp", "+80", "0x50", " 80", "80,,81",
        "٣",
    ])
    func `take no port that is none`(_ port: String) {
        #expect(throws: UsageError.self) { try SimpleFilter(hosts: [], ports: [port], protocols: [], tcpFlags: []) }
    }

    @Test
    func `take protocols and flags by their names alone`() {
        for proto in ["", "tcp or udp", "sctp", "ip4", "6", "tcp,"] {
            #expect(throws: UsageError.self) {
                try SimpleFilter(hosts: [], ports: [], protocols: [proto], tcpFlags: [])
            }
        }
        for flag in ["", "reset", "syn|ack", "tcp-syn", "0x02", "syn,,ack"] {
            #expect(throws: UsageError.self) { try SimpleFilter(hosts: [], ports: [], protocols: [], tcpFlags: [flag]) }
        }
    }

    @Test(arguments: [
        Case(ports: "5", protocols: "icmp"), Case(ports: "5", protocols: "tcp,icmp6"),
        Case(ports: "5", protocols: "arp"),
        Case(protocols: "udp", flags: "syn"), Case(protocols: "icmp", flags: "syn"),
        Case(protocols: "tcp,udp", flags: "syn"),
        Case(hosts: "10.0.0.1", protocols: "ip6"), Case(hosts: "fd00::1", protocols: "ip"),
        Case(hosts: "fd00::1", protocols: "arp"),
        Case(hosts: "10.0.0.1", protocols: "icmp6"), Case(hosts: "fd00::1", protocols: "icmp"),
        Case(hosts: "10.0.0.1,fd00::1", protocols: "ip"), Case(hosts: "10.0.0.1", protocols: "tcp,ip6"),
    ])
    func `refuse what no packet can be`(_ contradiction: Case) {
        #expect(throws: UsageError.self) { try contradiction.filter() }
    }

    @Test
    func `leave a filter alone as it is, and refuse one that would end its parentheses`() throws {
        #expect(try SimpleFilter().expression(and: "a) or (b") == "a) or (b")
        #expect(try SimpleFilter().expression(and: nil) == nil)
        #expect(
            try SimpleFilter(hosts: [], ports: ["80"], protocols: [], tcpFlags: []).expression(and: " \n") == "port 80")
        for filter in ["a) or (b", "(a", "a)", ")("] {
            #expect(throws: UsageError.self) {
                try SimpleFilter(hosts: [], ports: ["80"], protocols: [], tcpFlags: []).expression(and: filter)
            }
        }
    }
}
