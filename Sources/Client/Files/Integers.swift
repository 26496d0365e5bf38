extension [UInt8] {
    /// Adds a number in this machine's byte order.
    mutating func append(integer: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: integer) { unsafe append(contentsOf: $0) }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Copies `range` of `source`; both ranges must lie within their memory.
    @inline(__always)
    func copy(_ source: UnsafeRawBufferPointer, _ range: Range<Int>, to offset: Int) {
        unsafe UnsafeMutableRawBufferPointer(rebasing: self[offset..<offset + range.count])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range]))
    }
}

extension UnsafeRawBufferPointer {
    /// The number in this machine's byte order at an offset, which must lie within the memory.
    @inline(__always)
    func number(at offset: Int) -> UInt32 {
        unsafe loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }
}
