/// Memory that is filled once and read until its last owner is gone: unlike an array's, it has an address that can be
/// kept, so that the merge reads on without asking for it at each record.
@safe final class RecordStorage: @unchecked Sendable {
    /// The bytes. Whoever made the storage may write them before it is shared.
    let bytes: UnsafeMutableRawBufferPointer

    /// Bytes behind each other.
    init(_ first: [UInt8], _ second: UnsafeRawBufferPointer) {
        unsafe bytes = .allocate(byteCount: first.count + second.count, alignment: 8)
        unsafe bytes.copyBytes(from: first)
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[first.count...]).copyMemory(from: second)
    }

    deinit {
        unsafe bytes.deallocate()
    }
}
