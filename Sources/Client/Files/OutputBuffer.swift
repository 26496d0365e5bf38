/// Bytes on their way to the output: a memory of fixed size that is filled, written and filled again.
@safe final class OutputBuffer {
    /// How many bytes there are.
    private(set) var count = 0
    private let memory: UnsafeMutableRawBufferPointer

    init(capacity: Int) {
        unsafe memory = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// The bytes, until the next change.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// The room behind them. What is written to its start is added by ``add(_:)``.
    var room: UnsafeMutableRawBufferPointer { unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]) }

    /// Adds as many bytes as were written to the start of ``room``.
    func add(_ more: Int) {
        count += more
    }

    func removeAll() {
        count = 0
    }
}
