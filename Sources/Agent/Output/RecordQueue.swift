import CLinux

/// The file header and records on their way from libpcap to standard output, in the order of their arrival.
///
/// Its memory is taken once. Records are added behind the last until there is no room; when all have been taken it begins
/// at the front again, so that behind a reader that keeps up it stays within a core's nearest caches.
@safe struct RecordQueue: ~Copyable {
    /// Bytes that wait for a reader that stands still.
    private static let capacity = 1 << 20

    private let storage: UnsafeMutableRawPointer
    private let capacity: Int
    private let largestRecord: Int
    /// The bytes that wait stand at `start ..< end`.
    private var start = 0
    private var end = PcapFormat.fileHeaderSize
    /// Where the record begins that holds the byte at `start`.
    private var recordStart = 0
    /// The file header stands at the front until it has been taken.
    private var holdsFileHeader = true

    /// Records added since the start, those that are shorter than their packets were, and the last one's time.
    private(set) var added: UInt64 = 0
    private(set) var truncated: UInt64 = 0

    /// A queue of records of at most `snaplen` bytes of a packet, with the file header in it.
    init(fileHeader: [UInt8], snaplen: Int) {
        largestRecord = PcapFormat.recordHeaderSize + snaplen
        capacity = Self.capacity + largestRecord
        // Lives as long as the process.
        unsafe storage = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
        unsafe storage.copyMemory(from: fileHeader, byteCount: PcapFormat.fileHeaderSize)
    }

    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    /// Bytes that can be added before there may be no room for a record; less than 0 where there is none now.
    var room: Int { capacity - largestRecord - end }
    var hasRoom: Bool { room >= 0 }

    /// What the output has not taken yet. Valid until the queue changes.
    var waiting: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: storage + start, count: count) }

    /// Adds a packet of which `captured` bytes, snaplen at most, stand at `bytes`. There must be room.
    @inline(__always)
    mutating func add(
        seconds: UInt32, microseconds: UInt32, captured: UInt32, length: UInt32, _ bytes: UnsafeRawPointer
    ) {
        let place = unsafe storage + end
        unsafe place.storeBytes(of: seconds, as: UInt32.self)
        unsafe place.storeBytes(of: microseconds, toByteOffset: 4, as: UInt32.self)
        unsafe place.storeBytes(of: captured, toByteOffset: 8, as: UInt32.self)
        unsafe place.storeBytes(of: length, toByteOffset: 12, as: UInt32.self)
        unsafe memcpy(place + PcapFormat.recordHeaderSize, bytes, Int(captured))
        end &+= PcapFormat.recordHeaderSize &+ Int(captured)
        added &+= 1
        if length > captured { truncated &+= 1 }
    }

    /// Removes `count` bytes from the front, which the output has taken.
    mutating func removeFirst(_ count: Int) {
        start += count
        guard !isEmpty else {
            (start, end, recordStart, holdsFileHeader) = (0, 0, 0, false)
            return
        }
        while recordStart + recordLength(at: recordStart) <= start { recordStart += recordLength(at: recordStart) }
    }

    // MARK: Whole records

    /// How many bytes at the front are whole records, `limit` at most. What is left of a record counts as one.
    func wholeRecords(upTo limit: Int) -> Int {
        if count <= limit { return count }
        var end = recordStart
        while true {
            let next = end + recordLength(at: end)
            if next - start > limit { return max(end - start, 0) }
            end = next
        }
    }

    /// The length of what is left of the first record.
    var firstRecordLength: Int { recordStart + recordLength(at: recordStart) - start }

    /// How many bytes the output has taken of a record that it has not taken whole: what to cut off for whole records.
    var splitLength: Int { start - recordStart }

    /// The number of records that have not been taken whole.
    func countRecords() -> UInt64 {
        var count: UInt64 = 0
        var place = recordStart
        while place < end {
            if place > 0 || !holdsFileHeader { count += 1 }
            place += recordLength(at: place)
        }
        return count
    }

    private func recordLength(at place: Int) -> Int {
        if place == 0 && holdsFileHeader { return PcapFormat.fileHeaderSize }
        return unsafe PcapFormat.recordLength(at: storage + place)
    }
}
