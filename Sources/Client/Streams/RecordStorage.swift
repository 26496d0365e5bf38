/// Memory that is filled once and read until its last owner is gone: unlike an array's, it has an address that can be
/// kept, so that the merge reads on without asking for it at each record.
@safe final class RecordStorage: @unchecked Sendable {
    /// The memory of a storage that is read into. Used again and again: new memory costs more than all that is done with
    /// the packets in it.
    private static let pool = BufferPool(size: RecordHeader.size + Int(RecordHeader.longestPacket) + (64 << 10))

    /// The number of bytes, from the start of the memory.
    private(set) var count: Int
    private let memory: UnsafeMutableRawBufferPointer
    private let isPooled: Bool

    /// Creates a storage that begins with some bytes and has room for more, of one part of a record at most.
    init(with first: [UInt8]) {
        unsafe memory = Self.pool.acquire()
        isPooled = true
        count = min(first.count, unsafe memory.count)
        unsafe memory.copyBytes(from: first.prefix(count))
    }

    /// Creates a storage of just these bytes.
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe memory = .allocate(byteCount: bytes.count, alignment: 8)
        isPooled = false
        count = bytes.count
        unsafe memory.copyMemory(from: bytes)
    }

    deinit {
        if isPooled { unsafe Self.pool.release(memory) } else { unsafe memory.deallocate() }
    }

    /// The bytes. Whoever made the storage may write them before it is shared.
    var bytes: UnsafeMutableRawBufferPointer { unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<count]) }

    /// The room behind the bytes. What is written to its start is added by ``add(_:)``.
    var room: UnsafeMutableRawBufferPointer { unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]) }

    /// The memory that the storage takes, in bytes.
    var capacity: Int { unsafe memory.count }

    /// Adds bytes that were written to the start of ``room``.
    func add(_ more: Int) {
        count += more
    }

    /// Returns the storage, or one of just its bytes if they take little of the memory.
    func compacted() -> RecordStorage {
        count < capacity / 5 ? unsafe RecordStorage(UnsafeRawBufferPointer(bytes)) : self
    }
}
