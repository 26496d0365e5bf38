@testable import Client

/// One packet and when it was captured, in nanoseconds since 1970.
struct Record: Equatable, CustomStringConvertible {
    var time: UInt64
    var packet: [UInt8]
    var original: UInt32

    init(_ time: UInt64, _ packet: [UInt8] = [], original: UInt32? = nil) {
        self.time = time
        self.packet = packet
        self.original = original ?? UInt32(packet.count)
    }

    var description: String { "\(time):\(packet)" }
}

extension RecordBatch {
    /// A batch of these records.
    init(_ records: [Record]) {
        var bytes: [UInt8] = []
        for record in records {
            bytes.append(integer: record.time)
            bytes.append(integer: UInt32(record.packet.count))
            bytes.append(integer: record.original)
            bytes += record.packet
        }
        self.init(
            storage: unsafe bytes.withUnsafeBytes { unsafe RecordStorage($0) }, length: bytes.count,
            count: records.count, captured: records.reduce(0) { $0 + $1.packet.count },
            latest: records.map(\.time).max() ?? 0,
            stepsBack: zip(records, records.dropFirst()).contains { $0.time > $1.time + Self.stepBack })
    }

    /// The records of the batch.
    var records: [Record] { unsafe Record.all(in: bytes) }
}

extension Record {
    /// The records in a batch's bytes.
    static func all(in bytes: UnsafeRawBufferPointer) -> [Record] {
        var records: [Record] = []
        var offset = 0
        while offset < bytes.count {
            let header = unsafe RecordHeader(bytes, at: offset)
            let packet = unsafe [UInt8](bytes[offset + RecordHeader.size..<offset + header.recordLength])
            records.append(Record(header.time, packet, original: header.original))
            offset += header.recordLength
        }
        return records
    }
}
