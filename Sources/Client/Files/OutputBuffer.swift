/// Bytes on their way to the output: a memory of fixed size that is filled, written and filled again.
@safe final class OutputBuffer {
    /// The number of bytes in the buffer.
    private(set) var count = 0
    /// The bytes that may be filled. At most ``capacity``.
    private var limit: Int
    private let memory: UnsafeMutableRawBufferPointer

    init(capacity: Int) {
        unsafe memory = .allocate(byteCount: capacity, alignment: 8)
        limit = capacity
    }

    /// The size of the memory, in bytes.
    var capacity: Int { unsafe memory.count }

    /// Sets the number of bytes that may be filled, which is cut to the present ``count`` and ``capacity``.
    func setLimit(_ bytes: Int) {
        limit = min(max(bytes, count), capacity)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// The bytes, until the next change.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// The room behind them, up to the limit. What is written to its start is added by ``add(_:)``.
    var room: UnsafeMutableRawBufferPointer { unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count..<limit]) }

    /// The number of bytes in ``room``.
    var freeSpace: Int { limit - count }

    /// Adds as many bytes as were written to the start of ``room``.
    func add(_ more: Int) {
        count += more
    }

    func removeAll() {
        count = 0
    }
}
