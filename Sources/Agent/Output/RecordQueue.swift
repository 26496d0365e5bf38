import CLinux

/// A queue of the bytes that standard output has not accepted yet: the file header, then records in order of arrival.
///
/// The queue allocates its memory once. Records are added after the last one until there is no space. A queue that becomes
/// empty begins at the front again, so that behind a fast reader it stays within a core's nearest caches. Behind a slow
/// reader the pending bytes move to the front when half of the memory lies before them.
@safe struct RecordQueue: ~Copyable {
    /// The number of bytes for a reader that has stopped reading for a while.
    private static let nominalCapacity = 1 << 20

    private let storage: UnsafeMutableRawPointer
    private let allocatedSize: Int
    private let largestRecord: Int
    // The pending bytes are at `start ..< end`.
    private var start = 0
    private var end = PcapFormat.fileHeaderSize
    /// The offset of the record that holds the byte at `start`.
    private var recordStart = 0
    /// Whether the file header is at the front.
    private var holdsFileHeader = true

    /// The number of records that were added since the start.
    private(set) var recordCount: UInt64 = 0
    /// The number of those records that are shorter than their packets were.
    private(set) var truncatedCount: UInt64 = 0

    /// Creates a queue that holds the file header. No record may have more than `snaplen` bytes of a packet.
    init(fileHeader: [UInt8], snaplen: Int) {
        largestRecord = PcapFormat.recordHeaderSize + snaplen
        allocatedSize = Self.nominalCapacity + largestRecord
        // Lives as long as the process.
        unsafe storage = UnsafeMutableRawPointer.allocate(byteCount: allocatedSize, alignment: 64)
        unsafe storage.copyMemory(from: fileHeader, byteCount: PcapFormat.fileHeaderSize)
    }

    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    /// The number of bytes that can be added until there may be no space for a record. Negative if there is none now.
    var freeSpace: Int { allocatedSize - largestRecord - end }
    var hasFreeSpace: Bool { freeSpace >= 0 }

    /// The bytes that standard output has not accepted. The buffer is valid until the queue changes.
    var pendingBytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: storage + start, count: count) }

    /// Adds a packet that came at that time since 1970. `captured` bytes of it are at `bytes`, at most the snaplen; `length`
    /// is its length on the wire. There must be free space.
    @inline(__always)
    mutating func add(
        seconds: UInt32, microseconds: UInt32, captured: UInt32, length: UInt32, _ bytes: UnsafeRawPointer
    ) {
        let destination = unsafe storage + end
        unsafe destination.storeBytes(of: seconds, as: UInt32.self)
        unsafe destination.storeBytes(of: microseconds, toByteOffset: 4, as: UInt32.self)
        unsafe destination.storeBytes(of: captured, toByteOffset: 8, as: UInt32.self)
        unsafe destination.storeBytes(of: length, toByteOffset: 12, as: UInt32.self)
        unsafe memcpy(destination + PcapFormat.recordHeaderSize, bytes, Int(captured))
        end &+= PcapFormat.recordHeaderSize &+ Int(captured)
        recordCount &+= 1
        if length > captured { truncatedCount &+= 1 }
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

    /// Moves the record that holds the first pending byte, and all that follow, to the front.
    private mutating func moveToFront() {
        unsafe memmove(storage, storage + recordStart, end - recordStart)
        (start, end, recordStart, holdsFileHeader) = (start - recordStart, end - recordStart, 0, false)
    }

    // MARK: Whole records

    /// Returns the number of bytes of the whole records at the front that fit in `limit`. The rest of a record counts as a
    /// whole one.
    func wholeRecords(upTo limit: Int) -> Int {
        if count <= limit { return count }
        var end = recordStart
        while true {
            let next = end + recordLength(at: end)
            if next - start > limit { return max(end - start, 0) }
            end = next
        }
    }

    /// The number of pending bytes of the first record, of which the output may have accepted a part.
    var firstRecordLength: Int { recordStart + recordLength(at: recordStart) - start }

    /// The number of bytes of the first record that the output has accepted.
    var partialRecordLength: Int { start - recordStart }

    /// Counts the records that standard output has not accepted whole.
    func countRecords() -> UInt64 {
        var count: UInt64 = 0
        var offset = recordStart
        while offset < end {
            if offset > 0 || !holdsFileHeader { count += 1 }
            offset += recordLength(at: offset)
        }
        return count
    }

    private func recordLength(at offset: Int) -> Int {
        if offset == 0 && holdsFileHeader { return PcapFormat.fileHeaderSize }
        return unsafe PcapFormat.recordLength(at: storage + offset)
    }
}
