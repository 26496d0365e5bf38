/// Whole records of one stream, in the order in which they came and in one form whatever the stream's: a
/// ``RecordHeader``, then the bytes that were kept of the packet.
struct RecordBatch: Sendable {
    /// The memory in which the records stand, one behind the other, from its start.
    let storage: RecordStorage
    /// The bytes of the records.
    let length: Int
    /// The number of records.
    let count: Int
    /// The bytes of their packets, without headers.
    let captured: Int
    /// The latest of their time stamps, in nanoseconds since 1970.
    let latest: UInt64
    /// Whether the time stamp of a record is more than ``stepBack`` behind one before it.
    let stepsBack: Bool

    /// Packets that come from several processors are out of order by far less, in nanoseconds.
    static let stepBack: UInt64 = 1_000_000_000

    /// The records' bytes, as long as ``storage`` lives.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: storage.bytes[..<length]) }

    /// The memory that it holds, in bytes.
    var bufferedBytes: Int { storage.capacity + Self.overhead }

    /// About what an object and its place in a queue take.
    private static let overhead = 128
}

extension RecordBatch {
    /// The records that a walk has found at the start of `storage`.
    init(_ storage: RecordStorage, _ walk: RecordWalk) {
        self.init(
            storage: storage, length: walk.end, count: walk.count, captured: walk.captured, latest: walk.latest,
            stepsBack: walk.stepsBack)
    }
}

/// The header before each packet of a ``RecordBatch``: 16 bytes in this machine's byte order, unaligned.
struct RecordHeader {
    /// Bytes of the header.
    static let size = 16
    /// The most that any capture program keeps of a packet, in bytes (MAXIMUM_SNAPLEN in libpcap's pcap-int.h).
    static let longestPacket: UInt32 = 262_144

    /// Nanoseconds since 1970.
    let time: UInt64
    /// The number of bytes of the packet that follow.
    let captured: UInt32
    /// The length of the packet on the wire, in bytes.
    let original: UInt32

    init(time: UInt64, captured: UInt32, original: UInt32) {
        (self.time, self.captured, self.original) = (time, captured, original)
    }

    /// Reads the header at an offset of a batch's bytes.
    ///
    /// The header must lie within `bytes`; a batch holds whole records only.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        unsafe time = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        unsafe captured = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self)
        unsafe original = bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self)
    }

    /// The whole record's length.
    @inline(__always)
    var recordLength: Int { Self.size + Int(captured) }
}
