internal import CZstd

/// Compresses by libzstd into frames.
@safe final class ZstdCompressor: Compressor {
    private let context: OpaquePointer?

    init() {
        unsafe context = ZSTD_createCCtx()
    }

    deinit {
        unsafe _ = ZSTD_freeCCtx(context)
    }

    func compress(_ piece: UnsafeRawBufferPointer) throws(OutputError) -> [UInt8] {
        guard unsafe context != nil else { throw .compression("libzstd has no memory") }
        let room = ZSTD_compressBound(piece.count)
        var code = 0
        // libzstd reads and writes within the counts it is given.
        let compressed = unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
            unsafe code = ZSTD_compressCCtx(
                context, output.baseAddress, room, piece.baseAddress, piece.count, ZSTD_defaultCLevel())
            count = ZSTD_isError(code) == 0 ? code : 0
        }
        guard ZSTD_isError(code) == 0 else { throw .compression(unsafe String(cString: ZSTD_getErrorName(code))) }
        return compressed
    }
}
