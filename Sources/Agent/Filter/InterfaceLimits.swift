/// The packets, and parts of packets, that an interface cannot show.
enum InterfaceLimits {
    /// Logs the limits of an interface. Does not change the filter.
    ///
    /// - Parameters:
    ///   - interface: The interface.
    ///   - filter: The user's filter, which may select packets that the interface does not show.
    ///   - log: The log.
    static func report(_ interface: Interface, filter: ByteString, to log: Log) {
        if interface.isLoopback, filter.words.contains(where: { $0.bytes.trimmingParentheses == "outbound" }) {
            log.warn("'outbound' selects nothing on this interface, which shows each packet once, as inbound") {
                $0.add("hint", "leave 'outbound' out; 'src port' and 'dst port' tell requests from answers")
            }
        }
        // LINKTYPE_LINUX_SLL2 has no field for a tag, and libpcap does not insert it (pcap-linux.c, TPACKET_V3).
        if interface.isAny {
            log.info("VLAN tags are not kept on all interfaces at once, -interface NAME keeps them")
        }
    }
}

extension [UInt8] {
    /// The bytes without parentheses at the beginning and the end.
    fileprivate var trimmingParentheses: ByteString {
        func isParenthesis(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") }
        let start = self.prefix(while: isParenthesis).count
        let end = self.reversed().prefix(while: isParenthesis).count
        return start + end >= count ? "" : ByteString(self[start..<(count - end)])
    }
}
