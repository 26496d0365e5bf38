internal import CZlib

/// Compresses by zlib, each piece into a gzip member, which readers take as one.
final class GzipCompressor: Compressor {
    let ending: [UInt8] = []

    /// The fastest: packets come live, and higher levels gain a few per cent.
    private static let level: Int32 = 1

    func compress(_ piece: UnsafeRawBufferPointer) throws(OutputError) -> [UInt8] {
        var stream = unsafe z_stream()
        // 15 bits of window; 16 more ask for gzip's header and trailer (zlib.h).
        let status = unsafe deflateInit2_(
            &stream, Self.level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw .compression("zlib has no memory") }
        defer { unsafe _ = deflateEnd(&stream) }
        let room = unsafe Int(deflateBound(&stream, UInt(piece.count)))
        // zlib reads and writes within the counts it is given, and does not change what it reads.
        return unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
            unsafe stream.next_in = UnsafeMutablePointer(
                mutating: piece.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.avail_in = UInt32(piece.count)
            unsafe stream.next_out = output.baseAddress
            unsafe stream.avail_out = UInt32(room)
            // With room for the bound, one call with Z_FINISH takes all of it.
            unsafe _ = deflate(&stream, Z_FINISH)
            count = unsafe room - Int(stream.avail_out)
        }
    }
}
