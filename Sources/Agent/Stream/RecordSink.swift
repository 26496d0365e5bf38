import CLinux
import CPcap

/// Where libpcap's callback puts packets: whole records, each behind the last.
@unsafe struct RecordSink {
    /// The records.
    let start: UnsafeMutableRawPointer
    /// How many bytes from there on are records.
    var length = 0
    /// How many of those bytes the output has taken already. The callback leaves libpcap's loop when there are any.
    var taken = 0
    /// Records since the start of the capture, and those of them that are shorter than their packets were.
    var packets: UInt64 = 0
    var truncated: UInt64 = 0
    /// Bytes of a packet from which on it is written straight from the ring: copying it first would cost more than the
    /// system call that is saved.
    var largePacket = 8 << 10
    private let output: UnsafeMutablePointer<Output>
    private let handle: OpaquePointer

    /// Bytes of records at which it is full: few enough to stay in a core's nearest caches, and enough for one write.
    private static let fullLength = 256 << 10

    /// The memory that it needs for packets of which `snaplen` bytes are kept.
    static func capacity(snaplen: Int) -> Int {
        unsafe fullLength + PcapFormat.recordHeaderSize + snaplen
    }

    init(start: UnsafeMutableRawPointer, output: UnsafeMutablePointer<Output>, handle: OpaquePointer) {
        unsafe self.start = start
        unsafe self.output = output
        unsafe self.handle = handle
    }

    /// The callback of `pcap_dispatch`: adds a packet as a record; `user` points to the sink. Once the sink is full it
    /// leaves libpcap's loop by `pcap_breakloop`, so that there is always room for a record of snaplen bytes, the most
    /// that libpcap passes.
    static let add: pcap_handler = { user, header, bytes in
        // pcap_dispatch(3PCAP) passes on the user pointer, which is never null here, and a header and packet that are
        // valid during the call.
        let sink = unsafe UnsafeMutableRawPointer(user.unsafelyUnwrapped).assumingMemoryBound(to: RecordSink.self)
        let header = unsafe header.unsafelyUnwrapped
        let bytes = unsafe bytes.unsafelyUnwrapped
        let kept = unsafe Int(header.pointee.caplen)
        let place = unsafe sink.pointee.start + sink.pointee.length
        let time = unsafe header.pointee.ts
        unsafe place.storeBytes(of: UInt32(truncatingIfNeeded: time.tv_sec), as: UInt32.self)
        unsafe place.storeBytes(of: UInt32(truncatingIfNeeded: time.tv_usec), toByteOffset: 4, as: UInt32.self)
        unsafe place.storeBytes(of: header.pointee.caplen, toByteOffset: 8, as: UInt32.self)
        unsafe place.storeBytes(of: header.pointee.len, toByteOffset: 12, as: UInt32.self)
        unsafe sink.pointee.packets &+= 1
        if unsafe header.pointee.len > header.pointee.caplen { unsafe sink.pointee.truncated &+= 1 }

        if unsafe kept >= sink.pointee.largePacket, unsafe sink.pointee.passOn(bytes, kept) { return }
        unsafe memcpy(place + PcapFormat.recordHeaderSize, bytes, kept)
        unsafe sink.pointee.length &+= PcapFormat.recordHeaderSize &+ kept
        if unsafe sink.pointee.length >= fullLength || sink.pointee.taken > 0 {
            unsafe pcap_breakloop(sink.pointee.handle)
        }
    }

    /// Writes all records, the header behind them, and its packet. Returns false if the output did not take all of that;
    /// the packet must then be added behind its header.
    @inline(never)
    private mutating func passOn(_ bytes: UnsafePointer<UInt8>, _ kept: Int) -> Bool {
        let records = unsafe UnsafeRawBufferPointer(start: start, count: length + PcapFormat.recordHeaderSize)
        let written = unsafe output.pointee.write(records, UnsafeRawBufferPointer(start: bytes, count: kept))
        guard written == records.count + kept else {
            unsafe taken = written
            return false
        }
        unsafe length = 0
        return true
    }
}
