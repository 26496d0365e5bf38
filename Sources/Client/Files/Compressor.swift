/// Compresses piece after piece, each into a whole of its own (a gzip member, a zstd frame): a file can end behind any
/// of them, and readers take them as one.
protocol Compressor: AnyObject {
    /// Compresses a piece.
    func compress(_ piece: UnsafeRawBufferPointer) throws(OutputError) -> [UInt8]
}
