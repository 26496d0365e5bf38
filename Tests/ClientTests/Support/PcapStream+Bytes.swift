@testable import Client

extension PcapStream {
    /// Takes a piece of at most 64 kB, as if it had been read.
    mutating func append(_ piece: [UInt8]) -> RecordBatch? {
        let input = input
        unsafe input.room.copyBytes(from: piece)
        input.add(piece.count)
        return append(input)
    }
}
