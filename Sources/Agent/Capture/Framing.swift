import CLinux
import CPcap

/// What the kernel leaves out of a packet in the ring and a record of its link type has. There is room for it in front of
/// the packet (packet(7), PACKET_RESERVE, which libpcap sets).
enum Framing {
    /// Nothing.
    case none
    /// The tag of a virtual network, behind the two addresses.
    case ethernet
    /// The header of LINKTYPE_LINUX_SLL2.
    case linuxSLL2

    /// The most bytes that a packet becomes longer by.
    static let most = sll2Size

    /// Nil for link types that libpcap itself has to bring into form.
    init?(linkType: Int32) {
        switch linkType {
        case DLT_RAW: self = .none
        case DLT_EN10MB: self = .ethernet
        case DLT_LINUX_SLL2: self = .linuxSLL2
        default: return nil
        }
    }

    /// Puts it in front of the packet behind `header`. Returns where the packet begins then, and by how much it is longer.
    @inline(__always)
    func complete(_ header: UnsafeMutablePointer<tpacket3_hdr>) -> (bytes: UnsafeMutableRawPointer, added: UInt32) {
        let bytes = unsafe UnsafeMutableRawPointer(header) + Int(header.pointee.tp_mac)
        switch self {
        case .none: return unsafe (bytes, 0)
        case .ethernet:
            guard unsafe Self.isTagged(header.pointee) else { return unsafe (bytes, 0) }
            return unsafe (Self.insertTag(header.pointee, bytes), UInt32(Self.tagSize))
        case .linuxSLL2: return unsafe (Self.putSLL2(header, bytes), UInt32(Self.sll2Size))
        }
    }

    // MARK: Ethernet

    private static let tagSize = 4
    private static let addressesSize = 12

    private static func isTagged(_ header: tpacket3_hdr) -> Bool {
        (header.hv1.tp_vlan_tci != 0 || header.tp_status & UInt32(TP_STATUS_VLAN_VALID) != 0)
            && header.tp_snaplen >= UInt32(addressesSize)
    }

    @inline(never)
    private static func insertTag(_ header: tpacket3_hdr, _ packet: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer
    {
        let bytes = unsafe packet - tagSize
        unsafe memmove(bytes, packet, addressesSize)
        let hasType = header.hv1.tp_vlan_tpid != 0 || header.tp_status & UInt32(TP_STATUS_VLAN_TPID_VALID) != 0
        let type = hasType ? header.hv1.tp_vlan_tpid : UInt16(ETH_P_8021Q)
        let tag = unsafe bytes + addressesSize
        unsafe tag.storeBytes(of: type.bigEndian, as: UInt16.self)
        unsafe tag.storeBytes(
            of: UInt16(truncatingIfNeeded: header.hv1.tp_vlan_tci).bigEndian, toByteOffset: 2, as: UInt16.self)
        return unsafe bytes
    }

    // MARK: LINUX_SLL2

    private static let sll2Size = 20

    private static func putSLL2(
        _ header: UnsafeMutablePointer<tpacket3_hdr>, _ packet: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        // Where the kernel put it (net/packet/af_packet.c, tpacket_rcv).
        let address = unsafe UnsafeRawPointer(header + 1).load(as: sockaddr_ll.self)
        let bytes = unsafe packet - sll2Size
        unsafe bytes.storeBytes(of: address.sll_protocol, as: UInt16.self)
        unsafe bytes.storeBytes(of: 0, toByteOffset: 2, as: UInt16.self)
        unsafe bytes.storeBytes(of: address.sll_ifindex.bigEndian, toByteOffset: 4, as: Int32.self)
        unsafe bytes.storeBytes(of: address.sll_hatype.bigEndian, toByteOffset: 8, as: UInt16.self)
        unsafe bytes.storeBytes(of: address.sll_pkttype, toByteOffset: 10, as: UInt8.self)
        unsafe bytes.storeBytes(of: address.sll_halen, toByteOffset: 11, as: UInt8.self)
        unsafe withUnsafeBytes(of: address.sll_addr) {
            unsafe (bytes + 12).copyMemory(from: $0.baseAddress!, byteCount: 8)
        }
        return unsafe bytes
    }
}
