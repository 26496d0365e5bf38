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

    /// The latest time stamp of the format, in nanoseconds: its seconds have 32 bits.
    static let latestTime = UInt64(UInt32.max) * 1_000_000_000 + 999_999_999

    /// Writes records at the start of `room`, as many as fit.
    ///
    /// Wireshark takes a file for one of another kind, and reads no packet of it, if a fraction has a second or more, or if
    /// more is kept of a packet than it had. A stamp past 2106 becomes ``latestTime``.
    func encode(
        _ records: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) -> EncodedRecords {
        var (offset, count) = (0, 0)
        var hasCutTime = false
        while offset < records.count {
            let header = unsafe RecordHeader(records, at: offset)
            let end = offset + header.recordLength
            guard end <= room.count else { break }
            let time = min(header.time, Self.latestTime)
            hasCutTime = hasCutTime || time != header.time
            let seconds = time / 1_000_000_000
            let rest = time &- seconds &* 1_000_000_000
            unsafe room.storeBytes(of: UInt32(truncatingIfNeeded: seconds), toByteOffset: offset, as: UInt32.self)
            let fraction = UInt32(truncatingIfNeeded: nanosecondsPerUnit == 1 ? rest : rest / 1000)
            unsafe room.storeBytes(of: fraction, toByteOffset: offset + 4, as: UInt32.self)
            unsafe room.storeBytes(of: header.captured, toByteOffset: offset + 8, as: UInt32.self)
            let original = max(header.original, header.captured)
            unsafe room.storeBytes(of: original, toByteOffset: offset + 12, as: UInt32.self)
            unsafe room.copy(records, offset + RecordHeader.size..<end, to: offset + RecordHeader.size)
            offset = end
            count &+= 1
        }
        return EncodedRecords(read: offset, written: offset, records: count, hasCutTime: hasCutTime)
    }

    /// Returns the length of the whole records in the first `limit` bytes of `records`, which start with a record.
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
