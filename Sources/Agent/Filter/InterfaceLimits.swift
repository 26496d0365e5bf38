/// Tells what an interface cannot show, before a capture on it begins.
enum InterfaceLimits {
    /// Logs what the capture leaves out because of its interface, and what of the filter selects nothing there.
    static func describe(_ interface: Interface, filter: ByteString, in log: Log) {
        if interface.isLoopback, filter.words.contains(where: { $0.bytes.trimmingParentheses == "outbound" }) {
            log.warn("'outbound' selects nothing on this interface, which shows each packet once, as inbound") {
                $0.add("hint", "leave 'outbound' out; 'src port' and 'dst port' tell requests from answers")
            }
        }
        // LINKTYPE_LINUX_SLL2 has no place for a tag, and libpcap puts none back (pcap-linux.c, TPACKET_V3).
        if interface.isAny {
            log.info("VLAN tags are not kept on all interfaces at once, -interface NAME keeps them")
        }
    }
}

extension [UInt8] {
    /// The bytes without parentheses at either end.
    fileprivate var trimmingParentheses: ByteString {
        func isParenthesis(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") }
        let start = self.prefix(while: isParenthesis).count
        let end = self.reversed().prefix(while: isParenthesis).count
        return start + end >= count ? "" : ByteString(self[start..<(count - end)])
    }
}
