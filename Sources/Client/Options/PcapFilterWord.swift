/// The words that pcap-filter(7) does not take for a host name.
enum PcapFilterWord {
    /// Whether libpcap has a meaning of its own for the word (scanner.l of libpcap 1.10 and 1.11), in any case.
    static func isKeyword(_ word: String) -> Bool {
        let word = word.lowercased()
        return keywords.contains(word) || prefixes.contains { word.hasPrefix($0) }
    }

    /// Whether the word is a decimal or hexadecimal number.
    static func isNumber(_ word: some StringProtocol) -> Bool {
        let digits = word.utf8
        if digits.allSatisfy({ (0x30...0x39).contains($0) }) { return true }
        return word.lowercased().hasPrefix("0x") && word.dropFirst(2).allSatisfy(\.isHexDigit)
    }

    /// Whether libpcap takes the word for a hardware address: `00-00-5e-00-53-01`, `00.00.5e.00.53.01`,
    /// `0000.5e00.5301` or `00005e005301`.
    static func isHardwareAddress(_ word: some StringProtocol) -> Bool {
        let groups = word.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "." }
        guard groups.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isHexDigit } }) else { return false }
        return switch groups.count {
        case 6: groups.allSatisfy { (1...2).contains($0.count) }
        case 3: groups.allSatisfy { $0.count == 4 }
        case 1: groups[0].count == 12
        default: false
        }
    }

    /// The names of types, codes and flags.
    private static let prefixes = ["icmp-", "icmp6-", "tcp-"]

    private static let keywords = Set(
        """
        dst src link ether ppp slip fddi tr wlan arp rarp ip sctp tcp udp icmp igmp igrp pim vrrp carp radio ip6 icmp6
        ah esp atalk aarp decnet lat sca moprc mopdl iso esis es-is isis is-is l1 l2 iih lsp snp csnp psnp clnp stp ipx
        netbeui host net mask port portrange proto protochain gateway type subtype direction dir address1 addr1 address2
        addr2 address3 addr3 address4 addr4 ra ta less greater byte broadcast multicast and or not len length inbound
        outbound ifindex vlan mpls pppoed pppoes geneve vxlan lane llc metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi
        vci connectmsg metaconnect on ifname rset ruleset rnr rulenum srnr subrulenum reason action fisu lssu lsu msu
        hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls icmptype icmpcode icmp6type icmp6code tcpflags
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
