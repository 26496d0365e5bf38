import CLinux

/// The capture's ring, read block by block: TPACKET_V3, packet_mmap in the kernel's documentation.
///
/// libpcap sets it up. Its own loop over the packets does more than half of the work that a small packet takes, and gives
/// a block back before a packet of it can be written together with others.
@unsafe struct Ring: ~Copyable {
    private let start: UnsafeMutableRawPointer
    private let blockSize: Int
    private let blockCount: Int
    private let framing: Framing
    private let snaplen: UInt32

    /// The block that the kernel hands over next or has handed over, and what of it has not been read yet.
    private var block = 0
    private var packet: UnsafeMutableRawPointer
    private var packetsLeft: UInt32 = 0
    /// Whether the block read last was full, of large packets at its end.
    private var isInBurst = false

    /// `start` is where a ring of that shape begins that no block of was read yet, and stays as long as this does.
    init(at start: UnsafeMutableRawPointer, blockSize: Int, blockCount: Int, framing: Framing, snaplen: Int) {
        unsafe self.start = start
        unsafe self.blockSize = blockSize
        unsafe self.blockCount = blockCount
        unsafe self.framing = framing
        unsafe self.snaplen = UInt32(snaplen)
        unsafe packet = start
    }

    /// Blocks that are read at most before the caller may look after something else: large packets never fill the sink.
    private static let blocksAtOnce = 2

    /// Adds packets to `sink` until there is none left, the sink is full, or it has been long enough.
    mutating func drain(into sink: UnsafeMutablePointer<RecordSink>) -> Capture.Drained {
        for _ in unsafe 0..<Self.blocksAtOnce {
            let description = unsafe (start + block &* blockSize).assumingMemoryBound(to: tpacket_block_desc.self)
            if unsafe packetsLeft == 0 {
                guard unsafe cf_pcap_is_handed_over(description) else { return unsafe empty() }
                unsafe packetsLeft = description.pointee.hdr.bh1.num_pkts
                unsafe packet = start + block &* blockSize + Int(description.pointee.hdr.bh1.offset_to_first_pkt)
            }
            unsafe readPackets(into: sink)
            unsafe isInBurst = sink.pointee.holdsRecordsInRing && cf_pcap_is_full(description)
            unsafe sink.pointee.passOn()
            guard unsafe packetsLeft == 0 else { return .left }
            unsafe cf_pcap_give_back(description)
            unsafe block = block &+ 1 == blockCount ? 0 : block &+ 1
            if unsafe sink.pointee.isFull { break }
        }
        return .left
    }

    /// A burst is told of once: then the caller has given it time.
    private mutating func empty() -> Capture.Drained {
        defer { unsafe isInBurst = false }
        return unsafe isInBurst ? .emptyInBurst : .empty
    }

    /// Reads what is left of the block until the sink is full. What stays in the ring must be passed on.
    private mutating func readPackets(into sink: UnsafeMutablePointer<RecordSink>) {
        while unsafe packetsLeft > 0, unsafe !sink.pointee.isFull {
            unsafe cf_pcap_prefetch_behind(packet)
            let header = unsafe packet.assumingMemoryBound(to: tpacket3_hdr.self)
            let stays = unsafe staysInRing(header.pointee, sink)
            if unsafe sink.pointee.holdsRecordsInRing && !(stays && sink.pointee.hasRoomInRing(Int(snaplen))) {
                unsafe sink.pointee.passOn()
                continue
            }
            unsafe add(header, stays, to: sink)
            unsafe packetsLeft &-= 1
            unsafe packet += Int(header.pointee.tp_next_offset)
        }
    }

    /// Whether the packet is large or follows one that is, and there is room in front of it for all that a record has there.
    @inline(__always)
    private func staysInRing(_ header: tpacket3_hdr, _ sink: UnsafeMutablePointer<RecordSink>) -> Bool {
        unsafe (Int(min(header.tp_snaplen, snaplen)) >= sink.pointee.largePacket || sink.pointee.holdsRecordsInRing)
            && Int(header.tp_mac) >= MemoryLayout<tpacket3_hdr>.size + Framing.most + PcapFormat.recordHeaderSize
    }

    @inline(__always)
    private func add(
        _ header: UnsafeMutablePointer<tpacket3_hdr>, _ stays: Bool, to sink: UnsafeMutablePointer<RecordSink>
    ) {
        let (bytes, added) = unsafe framing.complete(header)
        let seconds = unsafe header.pointee.tp_sec
        let microseconds = unsafe header.pointee.tp_nsec / 1000
        let captured = unsafe min(header.pointee.tp_snaplen &+ added, snaplen)
        let length = unsafe header.pointee.tp_len &+ added
        if stays {
            unsafe sink.pointee.addInRing(
                seconds: seconds, microseconds: microseconds, captured: captured, length: length, bytes)
        } else {
            unsafe sink.pointee.add(
                seconds: seconds, microseconds: microseconds, captured: captured, length: length, bytes)
        }
    }
}

extension Ring {
    /// The ring that libpcap has set up for the packet socket `descriptor`. Nil where the kernel does not tell its shape,
    /// or packets of that link type need more than ``Framing``: libpcap can always read it.
    static func find(of descriptor: Int32, linkType: Int32, snaplen: Int) -> Ring? {
        var geometry = cf_pcap_ring_geometry()
        guard let framing = Framing(linkType: linkType), unsafe cf_pcap_ring_geometry(descriptor, &geometry) == 0 else {
            return nil
        }
        let size = Int(geometry.block_size) * Int(geometry.block_count)
        guard let mappings = MemoryMap.shared()?.filter({ $0.count == size }), mappings.count == 1,
            let start = unsafe UnsafeMutableRawPointer(bitPattern: mappings[0].lowerBound)
        else { return nil }
        return unsafe Ring(
            at: start, blockSize: Int(geometry.block_size), blockCount: Int(geometry.block_count), framing: framing,
            snaplen: snaplen)
    }
}
