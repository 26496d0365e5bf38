import CLinux

@testable import Agent

/// Memory laid out as the kernel lays out a ring (net/packet/af_packet.c, tpacket_rcv), to be filled by hand.
@safe final class RingMemory {
    let blockSize: Int
    let blockCount: Int
    let start: UnsafeMutableRawPointer

    struct Packet {
        var bytes: [UInt8]
        /// Where it is longer than what was kept of it.
        var length: Int?
        var seconds: UInt32 = 1_795_079_287
        var nanoseconds: UInt32 = 999_999_999
        /// The tag that the kernel took off: control information and, where it says so, type.
        var tag: (control: UInt16, type: UInt16?)?
        var address = sockaddr_ll()
    }

    init(blockCount: Int, blockSize: Int = 8192) {
        self.blockCount = blockCount
        self.blockSize = blockSize
        unsafe start = .allocate(byteCount: blockCount * blockSize, alignment: 4096)
        unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: blockCount * blockSize)
    }

    deinit {
        unsafe start.deallocate()
    }

    /// Hands a block with these packets over, because it is full or because its time is up.
    func fill(_ block: Int, _ packets: [Packet], isTimeUp: Bool = false) {
        let description = unsafe description(of: block)
        var offset = 48
        unsafe description.pointee.hdr.bh1.offset_to_first_pkt = UInt32(offset)
        unsafe description.pointee.hdr.bh1.num_pkts = UInt32(packets.count)
        for (index, packet) in packets.enumerated() {
            let size = Self.room(for: packet)
            let next = index + 1 == packets.count ? 0 : size
            unsafe put(packet, at: start + block * blockSize + offset, next: next)
            offset += size
        }
        unsafe description.pointee.hdr.bh1.block_status =
            UInt32(TP_STATUS_USER) | (isTimeUp ? UInt32(TP_STATUS_BLK_TMO) : 0)
    }

    /// Hands over as many packets from the front of `packets` as the block has room for, and removes them.
    func fill(_ block: Int, from packets: inout ArraySlice<Packet>) {
        var left = blockSize - 48
        let fitting = packets.prefix { packet in
            left -= Self.room(for: packet)
            return left >= 0
        }
        packets = packets.dropFirst(fitting.count)
        fill(block, Array(fitting))
    }

    private static func room(for packet: Packet) -> Int {
        packetOffset + (packet.bytes.count + 15) / 16 * 16
    }

    func isHandedOver(_ block: Int) -> Bool {
        unsafe cf_pcap_is_handed_over(description(of: block))
    }

    private func description(of block: Int) -> UnsafeMutablePointer<tpacket_block_desc> {
        unsafe (start + block * blockSize).assumingMemoryBound(to: tpacket_block_desc.self)
    }

    /// Header and address, and room for what libpcap asks for.
    private static let packetOffset = 112

    private func put(_ packet: Packet, at place: UnsafeMutableRawPointer, next: Int) {
        var header = tpacket3_hdr()
        header.tp_next_offset = UInt32(next)
        header.tp_sec = packet.seconds
        header.tp_nsec = packet.nanoseconds
        header.tp_snaplen = UInt32(packet.bytes.count)
        header.tp_len = UInt32(packet.length ?? packet.bytes.count)
        header.tp_mac = UInt16(Self.packetOffset)
        if let tag = packet.tag {
            header.tp_status = UInt32(TP_STATUS_VLAN_VALID)
            header.hv1.tp_vlan_tci = UInt32(tag.control)
            if let type = tag.type {
                header.tp_status |= UInt32(TP_STATUS_VLAN_TPID_VALID)
                header.hv1.tp_vlan_tpid = type
            }
        }
        unsafe place.storeBytes(of: header, as: tpacket3_hdr.self)
        unsafe (place + 48).storeBytes(of: packet.address, as: sockaddr_ll.self)
        unsafe (place + Self.packetOffset).copyMemory(from: packet.bytes, byteCount: packet.bytes.count)
    }
}
