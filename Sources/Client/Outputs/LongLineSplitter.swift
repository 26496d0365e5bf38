/// Cuts what comes in pieces into lines, which may be as long as a packet in JSON. The memory of a line is bounded.
struct LongLineSplitter {
    /// The bytes that are kept of a line. 64 kB of a packet make 0.4 MB of JSON.
    static let limit = 4 << 20

    private var line: [UInt8] = []
    private var isCut = false

    /// Takes a piece. Calls `body` with each line that is now whole, without its end, and whether all of it was kept.
    mutating func append(_ piece: UnsafeRawBufferPointer, _ body: (ArraySlice<UInt8>, Bool) -> Void) {
        var start = 0
        for index in piece.indices where unsafe piece[index] == UInt8(ascii: "\n") {
            unsafe keep(piece[start..<index])
            body(line[...], !isCut)
            line.removeAll(keepingCapacity: line.capacity <= 1 << 16)
            isCut = false
            start = index + 1
        }
        unsafe keep(piece[start...])
    }

    private mutating func keep(_ part: Slice<UnsafeRawBufferPointer>) {
        let room = Self.limit - line.count
        if unsafe part.count > room { isCut = true }
        unsafe line.append(contentsOf: part.prefix(room))
    }
}

extension FileDescriptor {
    /// Reads lines to the end of a pipe, and blocks until there are some. Calls `body` with each, without its end, and
    /// whether all of it was kept; calls `flush` behind those that came together.
    func forEachLine(_ body: (ArraySlice<UInt8>, Bool) -> Void, flush: () -> Void) {
        var splitter = LongLineSplitter()
        // The memory lives as long as this call.
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
        defer { unsafe piece.deallocate() }
        while let count = try? unsafe read(into: piece), count > 0 {
            unsafe splitter.append(UnsafeRawBufferPointer(rebasing: piece[..<count]), body)
            flush()
        }
    }
}
