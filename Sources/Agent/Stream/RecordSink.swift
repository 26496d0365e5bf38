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
    /// Bytes that fit there: records in the ring are never so many that they could not be copied there.
    private let capacity: Int
    private let output: UnsafeMutablePointer<Output>
    private let handle: OpaquePointer

    /// Bytes of a packet from which on it is written straight from the ring: copying it first would cost more than the
    /// system call that is saved.
    var largePacket = 8 << 10
    /// What the next call writes: the records above, then those that stand in the ring.
    private let parts: UnsafeMutablePointer<iovec>
    private var partCount = 1
    private var bytesInRing = 0
    /// One for the records above, and as many as a block of the ring has room for of 64 kB and the answers to them.
    private static let mostParts = 16

    /// Bytes of records at which it is full: few enough to stay in a core's nearest caches, and enough for one write.
    private static let fullLength = 256 << 10

    /// The memory that it needs for packets of which `snaplen` bytes are kept.
    static func capacity(snaplen: Int) -> Int {
        unsafe fullLength + PcapFormat.recordHeaderSize + snaplen
    }

    /// `start` has room for ``capacity(snaplen:)`` bytes.
    init(start: UnsafeMutableRawPointer, snaplen: Int, output: UnsafeMutablePointer<Output>, handle: OpaquePointer) {
        unsafe self.start = start
        unsafe capacity = Self.capacity(snaplen: snaplen)
        unsafe self.output = output
        unsafe self.handle = handle
        unsafe parts = .allocate(capacity: Self.mostParts)
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

    /// Adds a packet of which `captured` bytes, snaplen at most, stand at `bytes`. Must neither be full nor hold records
    /// in the ring.
    @inline(__always)
    mutating func add(
        seconds: UInt32, microseconds: UInt32, captured: UInt32, length packetLength: UInt32, _ bytes: UnsafeRawPointer
    ) {
        let place = unsafe start + length
        unsafe putHeader(place, seconds, microseconds, captured, packetLength)
        unsafe memcpy(place + PcapFormat.recordHeaderSize, bytes, Int(captured))
        unsafe length &+= PcapFormat.recordHeaderSize &+ Int(captured)
    }

    @inline(__always)
    private mutating func putHeader(
        _ place: UnsafeMutableRawPointer, _ seconds: UInt32, _ microseconds: UInt32, _ captured: UInt32,
        _ length: UInt32
    ) {
        unsafe place.storeBytes(of: seconds, as: UInt32.self)
        unsafe place.storeBytes(of: microseconds, toByteOffset: 4, as: UInt32.self)
        unsafe place.storeBytes(of: captured, toByteOffset: 8, as: UInt32.self)
        unsafe place.storeBytes(of: length, toByteOffset: 12, as: UInt32.self)
        unsafe packets &+= 1
        if length > captured { unsafe truncated &+= 1 }
    }

    // MARK: Records in the ring

    /// Whether it holds records that stand in the ring, which must be passed on before the ring takes them back.
    var holdsRecordsInRing: Bool { unsafe partCount > 1 }

    /// Whether a record can stay in the ring whose packet has `captured` bytes.
    func hasRoomInRing(_ captured: Int) -> Bool {
        unsafe partCount < Self.mostParts
            && length &+ bytesInRing &+ PcapFormat.recordHeaderSize &+ captured <= capacity
    }

    /// Adds a packet that stays at `bytes`, with its record's header in the 16 bytes before that.
    mutating func addInRing(
        seconds: UInt32, microseconds: UInt32, captured: UInt32, length: UInt32, _ bytes: UnsafeMutableRawPointer
    ) {
        let place = unsafe bytes - PcapFormat.recordHeaderSize
        unsafe putHeader(place, seconds, microseconds, captured, length)
        unsafe parts[partCount] = iovec(iov_base: place, iov_len: PcapFormat.recordHeaderSize &+ Int(captured))
        unsafe bytesInRing &+= parts[partCount].iov_len
        unsafe partCount &+= 1
    }

    /// Writes all records, if there are any in the ring. What the output does not take is in memory then. The first of them
    /// must be the next that it is to take.
    mutating func passOn() {
        guard unsafe holdsRecordsInRing else { return }
        unsafe parts[0] = iovec(iov_base: start, iov_len: length)
        let whole = unsafe length &+ bytesInRing
        let written = unsafe output.pointee.write(parts, count: partCount, whole)
        if written == whole {
            unsafe length = 0
        } else {
            unsafe taken = written
            unsafe copyFromRing()
        }
        unsafe partCount = 1
        unsafe bytesInRing = 0
    }

    private mutating func copyFromRing() {
        for index in unsafe 1..<partCount {
            let part = unsafe parts[index]
            unsafe memcpy(start + length, part.iov_base, part.iov_len)
            unsafe length &+= part.iov_len
        }
    }
}
