import CLinux
import CPcap

/// Where libpcap's callback puts packets: whole records, each behind the last.
@unsafe struct RecordSink {
    /// The records, in memory of ``capacity`` bytes.
    let start: UnsafeMutableRawPointer
    /// How many bytes of it are records.
    var length = 0
    /// From this length on the next record may not fit.
    let fullLength: Int
    /// Records since the start of the capture, and those of them that are shorter than their packets were.
    var packets: UInt64 = 0
    var truncated: UInt64 = 0
    private let handle: OpaquePointer

    /// A size that stays in a core's cache beside the block of the ring that it is filled from.
    static let capacity = 512 << 10

    init(start: UnsafeMutableRawPointer, snaplen: Int, handle: OpaquePointer) {
        unsafe self.start = start
        unsafe self.handle = handle
        unsafe fullLength = Self.capacity - (PcapFormat.recordHeaderSize + snaplen)
    }

    /// The callback of `pcap_dispatch`: appends a packet as a record; `user` points to the sink. Once the sink is full it
    /// leaves libpcap's loop by `pcap_breakloop`, so that there is always room for a record of snaplen bytes, the most
    /// that libpcap passes.
    static let append: pcap_handler = { user, header, bytes in
        // pcap_dispatch(3PCAP) passes on the user pointer, which is never null here, and a header and packet that are
        // valid during the call.
        let sink = unsafe UnsafeMutableRawPointer(user.unsafelyUnwrapped).assumingMemoryBound(to: RecordSink.self)
        let header = unsafe header.unsafelyUnwrapped
        let kept = unsafe header.pointee.caplen
        let place = unsafe sink.pointee.start + sink.pointee.length
        let time = unsafe header.pointee.ts
        unsafe place.storeBytes(of: UInt32(truncatingIfNeeded: time.tv_sec), as: UInt32.self)
        unsafe place.storeBytes(of: UInt32(truncatingIfNeeded: time.tv_usec), toByteOffset: 4, as: UInt32.self)
        unsafe place.storeBytes(of: kept, toByteOffset: 8, as: UInt32.self)
        unsafe place.storeBytes(of: header.pointee.len, toByteOffset: 12, as: UInt32.self)
        unsafe memcpy(place + PcapFormat.recordHeaderSize, bytes.unsafelyUnwrapped, Int(kept))

        unsafe sink.pointee.length &+= PcapFormat.recordHeaderSize &+ Int(kept)
        unsafe sink.pointee.packets &+= 1
        if unsafe header.pointee.len > kept { unsafe sink.pointee.truncated &+= 1 }
        if unsafe sink.pointee.length > sink.pointee.fullLength { unsafe pcap_breakloop(sink.pointee.handle) }
    }
}
