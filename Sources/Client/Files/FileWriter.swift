/// Writes the bytes of one file to its destination, through a compressor if there is one, up to a size.
struct FileWriter {
    let destination: any ByteDestination
    private let compressor: (any Compressor)?
    private let sizeLimit: Int64

    init(_ destination: any ByteDestination, _ compression: CaptureOptions.Compression, upTo sizeLimit: Int64) {
        self.destination = destination
        self.sizeLimit = sizeLimit
        compressor =
            switch compression {
            case .none: nil
            case .gzip: GzipCompressor()
            case .zstd: ZstdCompressor()
            }
    }

    /// Returns the number of bytes to gather before they are written: `most`, or what the size leaves if `ending` bytes
    /// are to follow.
    ///
    /// The size of compressed bytes is known when they are written. Small pieces keep the file near its size.
    func pieceSize(upTo most: Int, ending: Int) -> Int {
        let left = max(0, sizeLimit - destination.written - Int64(ending))
        guard isCompressing, sizeLimit < .max else { return Int(min(Int64(most), left)) }
        return left == 0 ? 0 : min(most, max(Self.smallestPiece, Int(clamping: sizeLimit / 8)))
    }

    /// Smaller pieces compress badly.
    private static let smallestPiece = 1 << 15

    var isCompressing: Bool { compressor != nil }

    /// Writes packets. Returns false if the destination has no room for them and does not wait.
    func write(packets: UnsafeRawBufferPointer, wholeLength: (Int) -> Int) throws(OutputError) -> Bool {
        guard let compressor else { return unsafe try destination.write(packets: packets, wholeLength: wholeLength) }
        unsafe try write(packets, compressedBy: compressor)
        return true
    }

    /// Writes bytes of which a part is worth nothing.
    func write(whole bytes: [UInt8]) throws(OutputError) {
        let bytes = unsafe bytes.span.bytes
        try unsafe bytes.withUnsafeBytes { bytes throws(OutputError) in
            guard let compressor else { return unsafe try destination.write(whole: bytes) }
            unsafe try write(bytes, compressedBy: compressor)
        }
    }

    /// Compresses a piece into a whole of its own and writes it.
    private func write(_ bytes: UnsafeRawBufferPointer, compressedBy compressor: any Compressor) throws(OutputError) {
        let compressed = unsafe try compressor.compress(bytes)
        do {
            try unsafe compressed.span.bytes.withUnsafeBytes { bytes throws(OutputError) in
                unsafe try destination.write(whole: bytes)
            }
        } catch {
            // The part of this piece that was written has been cut off again, which may leave room for the end.
            if case .failed = error { try? writeEnding() }
            throw error
        }
    }

    /// Writes the end of a compressed file.
    func writeEnding() throws(OutputError) {
        guard let ending = compressor?.ending, destination.written > 0, !ending.isEmpty else { return }
        try unsafe ending.span.bytes.withUnsafeBytes { bytes throws(OutputError) in
            unsafe try destination.write(whole: bytes)
        }
    }

    /// Closes the destination. Throws `failure` if there is one, else what closing throws.
    func close(_ failure: OutputError?) throws(OutputError) {
        do {
            try destination.close()
        } catch {
            throw failure ?? error
        }
        if let failure { throw failure }
    }
}
