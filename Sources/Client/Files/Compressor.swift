/// Compresses a file piece after piece. What was returned so far can be decompressed up to the last piece.
protocol Compressor: AnyObject {
    /// Returns a piece in compressed form.
    func compress(_ piece: UnsafeRawBufferPointer) throws(OutputError) -> [UInt8]

    /// The bytes that end a file behind the last whole piece that was written; empty if none are needed.
    var ending: [UInt8] { get }
}
