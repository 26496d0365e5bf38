/// Splits a text that comes in pieces into lines. Cuts a line behind ``limit`` bytes, so that its memory is bounded.
struct LineSplitter {
    /// The number of bytes that are kept of a line.
    static let limit = 16384

    private var line: [UInt8] = []
    private var isInsideDropped = false

    /// Takes a piece; calls `body` with each line that is now whole, without its end.
    mutating func append(_ piece: some Sequence<UInt8>, _ body: ([UInt8]) -> Void) {
        for byte in piece {
            if byte == UInt8(ascii: "\n") {
                finish(body)
            } else if !isInsideDropped && line.count < Self.limit {
                line.append(byte)
            }
        }
    }

    /// Takes the end; calls `body` with a last line that has none.
    mutating func finish(_ body: ([UInt8]) -> Void) {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if !line.isEmpty { body(line) }
        line.removeAll(keepingCapacity: true)
        isInsideDropped = false
    }

    /// Drops the line that is not yet whole, for a piece that was not appended. Unless the piece ended with a whole line,
    /// what follows is taken from the next line on.
    mutating func dropLine(isWhole: Bool) {
        line.removeAll(keepingCapacity: true)
        isInsideDropped = !isWhole
    }
}
