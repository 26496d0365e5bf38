/// Writes the classic pcap format, in this machine's byte order (pcap-savefile(5)).
struct PcapEncoder {
    /// The link type of all packets, once there is a header.
    private(set) var linkType: UInt16?
    private var nanosecondsPerUnit: UInt64 = 1000

    /// Returns the header of a file whose first packets are this stream's; nothing if there is one and the stream fits.
    ///
    /// A stream without packets decides nothing: one instance must not keep all others out.
    mutating func begin(_ stream: StreamDescription) throws(OutputError) -> [UInt8] {
        if let linkType {
            guard stream.linkType == linkType else {
                throw .linkType(expected: linkType, found: stream.linkType)
            }
            return []
        }
        linkType = stream.linkType
        nanosecondsPerUnit = stream.isNanoseconds ? 1 : 1000
        var header: [UInt8] = []
        header.append(integer: UInt32(stream.isNanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4))
        header.append(integer: UInt16(2))
        header.append(integer: UInt16(4))
        header.append(integer: UInt64(0))
        // True of every stream that may still come.
        header.append(integer: RecordHeader.longestPacket)
        let frameCheck = stream.frameCheckBits.map { UInt32($0 / 16) << 28 | 1 << 26 } ?? 0
        header.append(integer: UInt32(stream.linkType) | frameCheck)
        return header
    }

    /// Writes records at the start of `room`, as many as fit; gives the bytes read and written.
    func encode(
        _ records: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) -> (read: Int, written: Int, records: Int) {
        var (offset, count) = (0, 0)
        while offset < records.count {
            let header = unsafe RecordHeader(records, at: offset)
            let end = offset + header.recordLength
            guard end <= room.count else { break }
            // A stamp past 2106 has more than a second in its fraction, as it came: the seconds have 32 bits.
            let seconds = min(header.time / 1_000_000_000, UInt64(UInt32.max))
            let rest = header.time &- seconds &* 1_000_000_000
            unsafe room.storeBytes(of: UInt32(truncatingIfNeeded: seconds), toByteOffset: offset, as: UInt32.self)
            let fraction = UInt32(truncatingIfNeeded: nanosecondsPerUnit == 1 ? rest : rest / 1000)
            unsafe room.storeBytes(of: fraction, toByteOffset: offset + 4, as: UInt32.self)
            unsafe room.storeBytes(of: header.captured, toByteOffset: offset + 8, as: UInt32.self)
            unsafe room.storeBytes(of: header.original, toByteOffset: offset + 12, as: UInt32.self)
            unsafe room.copy(records, offset + RecordHeader.size..<end, to: offset + RecordHeader.size)
            offset = end
            count &+= 1
        }
        return (offset, offset, count)
    }

    /// How many of the first `limit` bytes of `records`, which start with a record, are whole records.
    static func wholeLength(of records: UnsafeRawBufferPointer, upTo limit: Int) -> Int {
        var length = 0
        while length + 16 <= limit {
            let next = unsafe length + 16 + Int(records.number(at: length + 8))
            guard next <= limit else { break }
            length = next
        }
        return length
    }

    /// The places of whole records.
    static func records(in records: UnsafeRawBufferPointer) -> [Int] {
        var places: [Int] = []
        var offset = 0
        while offset < records.count {
            places.append(offset)
            unsafe offset += 16 + Int(records.number(at: offset + 8))
        }
        return places
    }
}
