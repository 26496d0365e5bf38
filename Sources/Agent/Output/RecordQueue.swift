import CLinux

/// A queue of bytes that standard output has not accepted: the file header, then records in order of arrival.
///
/// The queue allocates its memory once: space for 1 MB and one record of the largest size. Bytes are added after the
/// last one and removed from the front. An empty queue starts at the beginning of its memory again, so that the same
/// memory, which is in the processor's caches, is used for each batch. A queue that never becomes empty moves its bytes
/// to the beginning when the 512 kB before them are free.
@safe struct RecordQueue: ~Copyable {
    /// The number of bytes that an empty queue can hold besides a record of the largest size. A queue that never
    /// becomes empty can hold at least half as many.
    private static let nominalCapacity = 1 << 20

    /// The memory of the queue, which lives as long as the process.
    private let storage: UnsafeMutableRawPointer
    /// The size of the memory in bytes.
    private let allocatedSize: Int
    /// The largest length of a record, in bytes.
    private let largestRecord: Int
    /// The offset of the first pending byte.
    private var start = 0
    /// The offset after the last pending byte.
    private var end = PcapFormat.fileHeaderSize
    /// The offset of the record that contains the first pending byte.
    private var recordStart = 0
    /// Whether the file header is at the beginning of the memory.
    private var holdsFileHeader = true

    /// The number of records added since the start.
    private(set) var recordCount: UInt64 = 0
    /// The number of records added that are shorter than their packets.
    private(set) var truncatedPacketCount: UInt64 = 0

    /// Creates a queue that contains the file header.
    ///
    /// - Parameters:
    ///   - fileHeader: The file header, 24 bytes.
    ///   - snaplen: The largest number of bytes of a packet in a record.
    init(fileHeader: [UInt8], snaplen: Int) {
        largestRecord = PcapFormat.recordHeaderSize + snaplen
        allocatedSize = Self.nominalCapacity + largestRecord
        // The memory lives as long as the process.
        unsafe storage = UnsafeMutableRawPointer.allocate(byteCount: allocatedSize, alignment: 64)
        unsafe storage.copyMemory(from: fileHeader, byteCount: PcapFormat.fileHeaderSize)
    }

    /// The number of pending bytes.
    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    /// The number of bytes after which the queue has no space for a record of the largest size. Negative if it has none
    /// now.
    var freeSpace: Int { allocatedSize - largestRecord - end }
    /// Whether the queue has space for a record of the largest size. True while the records in it have at most 512 kB.
    var hasFreeSpace: Bool { freeSpace >= 0 }

    /// The pending bytes. The buffer is valid until the queue changes.
    var pendingBytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: storage + start, count: count) }

    /// Adds a packet. The queue must have free space.
    ///
    /// - Parameters:
    ///   - seconds: The whole seconds of the packet's time since 1970-01-01T00:00:00Z.
    ///   - microseconds: The rest of the time.
    ///   - captured: The number of bytes in the record, the snaplen at most.
    ///   - length: The length of the packet on the wire, in bytes.
    ///   - bytes: The address of the packet's bytes.
    @inline(__always)
    mutating func add(
        seconds: UInt32, microseconds: UInt32, captured: UInt32, length: UInt32, _ bytes: UnsafeRawPointer
    ) {
        // The caller has checked for free space, so the record ends within the memory.
        let destination = unsafe storage + end
        unsafe destination.storeBytes(of: seconds, as: UInt32.self)
        unsafe destination.storeBytes(of: microseconds, toByteOffset: 4, as: UInt32.self)
        unsafe destination.storeBytes(of: captured, toByteOffset: 8, as: UInt32.self)
        unsafe destination.storeBytes(of: length, toByteOffset: 12, as: UInt32.self)
        unsafe memcpy(destination + PcapFormat.recordHeaderSize, bytes, Int(captured))
        end &+= PcapFormat.recordHeaderSize &+ Int(captured)
        recordCount &+= 1
        if length > captured { truncatedPacketCount &+= 1 }
    }

    /// Removes `count` bytes from the front.
    mutating func removeFirst(_ count: Int) {
        start += count
        guard !isEmpty else {
            (start, end, recordStart, holdsFileHeader) = (0, 0, 0, false)
            return
        }
        while recordStart + recordLength(at: recordStart) <= start { recordStart += recordLength(at: recordStart) }
        if recordStart >= Self.nominalCapacity / 2 { moveToFront() }
    }

    /// Moves the record with the first pending byte, and all after it, to the beginning of the memory.
    private mutating func moveToFront() {
        // Both ranges are within the memory: `end` is never larger than its size.
        unsafe memmove(storage, storage + recordStart, end - recordStart)
        (start, end, recordStart, holdsFileHeader) = (start - recordStart, end - recordStart, 0, false)
    }

    // MARK: Whole records

    /// Returns the length of the whole records at the front that fit into `limit` bytes. Counts the rest of a partly
    /// written record as a whole one.
    func wholeRecordsLength(upTo limit: Int) -> Int {
        if count <= limit { return count }
        var end = recordStart
        while true {
            let next = end + recordLength(at: end)
            if next - start > limit { return max(end - start, 0) }
            end = next
        }
    }

    /// The number of pending bytes of the first record.
    var firstRecordLength: Int { recordStart + recordLength(at: recordStart) - start }

    /// The number of bytes of the first record that the output has accepted.
    var partialRecordLength: Int { start - recordStart }

    /// Returns the number of records that the output has not accepted whole.
    func countPendingRecords() -> UInt64 {
        var count: UInt64 = 0
        var offset = recordStart
        while offset < end {
            if offset > 0 || !holdsFileHeader { count += 1 }
            offset += recordLength(at: offset)
        }
        return count
    }

    /// Returns the length of the file header or record at an offset of the memory, in bytes.
    private func recordLength(at offset: Int) -> Int {
        if offset == 0 && holdsFileHeader { return PcapFormat.fileHeaderSize }
        // The offset is that of a record that was added.
        return unsafe PcapFormat.recordLength(at: storage + offset)
    }
}
