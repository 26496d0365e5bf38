import CLinux
import CPcap

/// Where packets go on their way out of the ring: whole records, each behind the last.
@unsafe struct RecordSink {
    /// The records.
    let start: UnsafeMutableRawPointer
    /// How many bytes from there on are records.
    var length = 0
    /// How many of those bytes the output has taken already.
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

    /// Whether it must be emptied before more is added. Else there is room for a record of snaplen bytes.
    var isFull: Bool { unsafe length >= Self.fullLength || taken > 0 }

    /// The callback of `pcap_dispatch`: adds a packet as a record; `user` points to the sink. Once that is full it leaves
    /// libpcap's loop by `pcap_breakloop`.
    static let add: pcap_handler = { user, header, bytes in
        // pcap_dispatch(3PCAP) passes on the user pointer, which is never null here, and a header and packet that are
        // valid during the call.
        let sink = unsafe UnsafeMutableRawPointer(user.unsafelyUnwrapped).assumingMemoryBound(to: RecordSink.self)
        let header = unsafe header.unsafelyUnwrapped.pointee
        unsafe sink.pointee.add(
            seconds: UInt32(truncatingIfNeeded: header.ts.tv_sec),
            microseconds: UInt32(truncatingIfNeeded: header.ts.tv_usec), captured: header.caplen, length: header.len,
            bytes.unsafelyUnwrapped)
        if unsafe sink.pointee.isFull { unsafe pcap_breakloop(sink.pointee.handle) }
    }

    /// Adds a packet of which `captured` bytes, snaplen at most, stand at `bytes`. Must not be full.
    @inline(__always)
    mutating func add(
        seconds: UInt32, microseconds: UInt32, captured: UInt32, length packetLength: UInt32, _ bytes: UnsafeRawPointer
    ) {
        let kept = Int(captured)
        let place = unsafe start + length
        unsafe place.storeBytes(of: seconds, as: UInt32.self)
        unsafe place.storeBytes(of: microseconds, toByteOffset: 4, as: UInt32.self)
        unsafe place.storeBytes(of: captured, toByteOffset: 8, as: UInt32.self)
        unsafe place.storeBytes(of: packetLength, toByteOffset: 12, as: UInt32.self)
        unsafe packets &+= 1
        if packetLength > captured { unsafe truncated &+= 1 }

        if unsafe kept >= largePacket, unsafe passOn(bytes, kept) { return }
        unsafe memcpy(place + PcapFormat.recordHeaderSize, bytes, kept)
        unsafe length &+= PcapFormat.recordHeaderSize &+ kept
    }

    /// Writes all records, the header behind them, and its packet. Returns false if the output did not take all of that;
    /// the packet must then be added behind its header.
    @inline(never)
    private mutating func passOn(_ bytes: UnsafeRawPointer, _ kept: Int) -> Bool {
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
