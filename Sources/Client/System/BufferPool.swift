internal import Synchronization

/// Buffers of one size that are used again and again.
@safe final class BufferPool: Sendable {
    private let size: Int
    private let unused = Mutex<[SendableBuffer]>([])

    /// A buffer belongs to whoever has acquired it, so that it can go from thread to thread.
    @safe private struct SendableBuffer: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
    }

    /// The most buffers that are kept while nobody uses them.
    private static let mostUnused = 16

    /// Creates a pool of buffers of `size` bytes.
    init(size: Int) {
        self.size = size
    }

    /// Returns a buffer, whose bytes are undefined. The caller gives it back by ``release(_:)``.
    func acquire() -> UnsafeMutableRawBufferPointer {
        let buffer = unused.withLock { $0.popLast() }
        return unsafe buffer?.bytes ?? .allocate(byteCount: size, alignment: 8)
    }

    /// Takes back a buffer that ``acquire()`` returned.
    func release(_ buffer: UnsafeMutableRawBufferPointer) {
        let new = unsafe SendableBuffer(bytes: buffer)
        let isKept = unused.withLock { unused in
            guard unused.count < Self.mostUnused else { return false }
            unused.append(new)
            return true
        }
        if !isKept { unsafe buffer.deallocate() }
    }
}
