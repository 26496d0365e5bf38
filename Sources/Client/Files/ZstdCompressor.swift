internal import CZstd

/// Compresses by libzstd into one frame, each piece into blocks of its own. Wireshark 4.0 reads no second frame.
@safe final class ZstdCompressor: Compressor {
    private let context: OpaquePointer?

    init() {
        unsafe context = ZSTD_createCCtx()
    }

    deinit {
        unsafe _ = ZSTD_freeCCtx(context)
    }

    /// An empty raw block, the last one (RFC 8878, 3.1.1.2). It follows any whole block, for the frame has neither a
    /// checksum nor a length of its content.
    let ending: [UInt8] = [1, 0, 0]

    func compress(_ piece: UnsafeRawBufferPointer) throws(OutputError) -> [UInt8] {
        guard unsafe context != nil else { throw .compression("libzstd has no memory") }
        // The bound is that of a frame; the flush may add a block's header.
        let capacity = ZSTD_compressBound(piece.count) + 64
        var code = 0
        // libzstd reads and writes within the counts it is given.
        let compressed = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            var input = unsafe ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
            var output = unsafe ZSTD_outBuffer(dst: memory.baseAddress, size: capacity, pos: 0)
            unsafe code = ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush)
            unsafe count = output.pos
        }
        guard ZSTD_isError(code) == 0 else { throw .compression(unsafe String(cString: ZSTD_getErrorName(code))) }
        guard code == 0 else { throw .compression("libzstd has \(code) bytes more than its bound") }
        return compressed
    }
}
