/// A value of `--proto`, in pcap-filter(7)'s words.
enum ProtocolFilter: String, Hashable, Sendable, CaseIterable {
    case tcp, udp, icmp, icmp6, arp, ip, ip6

    /// Parses a value of `--proto`, in any case.
    init(_ text: String) throws(UsageError) {
        guard let known = ProtocolFilter(rawValue: text.lowercased()) else {
            throw UsageError("--proto '\(text)' is not one of \(Self.choices)")
        }
        self = known
    }

    /// The families whose packets carry the protocol. ARP resolves IPv4 addresses.
    var families: [AddressBlock.Family] {
        switch self {
        case .tcp, .udp: [.ipv4, .ipv6]
        case .icmp, .arp, .ip: [.ipv4]
        case .icmp6, .ip6: [.ipv6]
        }
    }

    /// Whether its packets may have a TCP header.
    var mayHoldTCP: Bool { [.tcp, .ip, .ip6].contains(self) }

    /// Whether its packets may have ports.
    var mayHavePorts: Bool { mayHoldTCP || self == .udp }

    static var choices: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
