/// Writes the pcapng format, in this machine's byte order (draft-ietf-opsawg-pcapng).
struct PcapngEncoder {
    /// Units of the interfaces' time stamps, in nanoseconds.
    private var nanosecondsPerUnit: [UInt64] = []

    /// Bytes of an enhanced packet block around its packet.
    private static let packetOverhead = 32

    /// The section header: the client, and its command line.
    func section(application: String, comment: String) -> [UInt8] {
        var block = PcapngBlock(type: 0x0A0D_0D0A)
        block.append(integer: UInt32(0x1A2B_3C4D))  // byte order
        block.append(integer: UInt16(1))  // version 1.0
        block.append(integer: UInt16(0))
        block.append(integer: Int64(-1))  // length of the section: not told
        block.append(option: 4, text: application)
        block.append(option: 1, text: comment, limit: 60_000)
        return block.finish()
    }

    /// An interface description, and the name of its address where that is known. Interfaces count from 0.
    mutating func add(_ stream: StreamDescription) -> [UInt8] {
        nanosecondsPerUnit.append(stream.isNanoseconds ? 1 : 1000)
        var block = PcapngBlock(type: 1)
        block.append(integer: stream.linkType)
        block.append(integer: UInt16(0))
        // libpcap refuses a file whose interfaces differ in it.
        block.append(integer: RecordHeader.longestPacket)
        block.append(option: 2, text: stream.name)
        block.append(option: 3, text: stream.description)
        block.append(option: 9, bytes: [stream.isNanoseconds ? 9 : 6])  // a time stamp's unit is 10 to the power of -N
        // The leading zero says that it is a pcap filter expression.
        if let filter = stream.filter { block.append(option: 11, bytes: [0] + Array(filter.utf8)) }
        block.append(option: 12, text: "Linux")
        if let bits = stream.frameCheckBits { block.append(option: 13, bytes: [bits]) }
        return block.finish() + (stream.addressName.map(Self.names) ?? [])
    }

    /// Writes records as enhanced packet blocks at the start of `room`, as many as fit.
    func encode(
        _ records: UnsafeRawBufferPointer, interface: Int, into room: UnsafeMutableRawBufferPointer
    ) -> EncodedRecords {
        let unit = nanosecondsPerUnit[interface]
        var (offset, written, count) = (0, 0, 0)
        while offset < records.count {
            let header = unsafe RecordHeader(records, at: offset)
            let padded = (Int(header.captured) + 3) & ~3
            let length = padded + Self.packetOverhead
            guard written + length <= room.count else { break }
            let time = unit == 1 ? header.time : header.time / 1000
            // The padding is zero; the packet then overwrites all but that.
            if padded > header.captured {
                unsafe room.storeBytes(of: 0, toByteOffset: written + 28 + padded - 4, as: UInt32.self)
            }
            unsafe room.storeBytes(of: 6, toByteOffset: written, as: UInt32.self)
            unsafe room.storeBytes(of: UInt32(length), toByteOffset: written + 4, as: UInt32.self)
            unsafe room.storeBytes(
                of: UInt32(truncatingIfNeeded: interface), toByteOffset: written + 8, as: UInt32.self)
            unsafe room.storeBytes(
                of: UInt32(truncatingIfNeeded: time >> 32), toByteOffset: written + 12, as: UInt32.self)
            unsafe room.storeBytes(of: UInt32(truncatingIfNeeded: time), toByteOffset: written + 16, as: UInt32.self)
            unsafe room.storeBytes(of: header.captured, toByteOffset: written + 20, as: UInt32.self)
            // No packet is shorter than the part of it that was kept, in this format.
            let original = max(header.original, header.captured)
            unsafe room.storeBytes(of: original, toByteOffset: written + 24, as: UInt32.self)
            let packet = offset + RecordHeader.size..<offset + header.recordLength
            unsafe room.copy(records, packet, to: written + 28)
            unsafe room.storeBytes(of: UInt32(length), toByteOffset: written + length - 4, as: UInt32.self)
            offset += header.recordLength
            written += length
            count &+= 1
        }
        return EncodedRecords(read: offset, written: written, records: count)
    }

    /// An interface statistics block: what is known at the end.
    func statistics(_ known: StreamStatistics, written: UInt64, interface: Int, now: UInt64) -> [UInt8] {
        let unit = nanosecondsPerUnit[interface]
        var block = PcapngBlock(type: 5)
        block.append(integer: UInt32(interface))
        block.append(time: now / unit)
        if let start = known.start { block.append(option: 2, time: start / unit) }
        if let end = known.end { block.append(option: 3, time: end / unit) }
        if let received = known.received { block.append(option: 4, count: received) }
        if let dropped = known.dropped { block.append(option: 5, count: dropped) }
        block.append(option: 8, count: written)
        if let comment = known.comment { block.append(option: 1, text: comment, limit: Self.longestComment) }
        return block.finish()
    }

    /// The most characters of a comment on an interface.
    private static let longestComment = 200
    /// The most bytes of an interface statistics block without its comment.
    static let statisticsLength = 88

    /// The bytes that a comment on an interface takes at most.
    static func length(ofComment text: String) -> Int { text.printable(limit: longestComment).utf8.count + 8 }

    /// Returns the length of the whole blocks in the first `limit` bytes of `blocks`, which start with a block.
    static func wholeLength(of blocks: UnsafeRawBufferPointer, upTo limit: Int) -> Int {
        var length = 0
        while length + 12 <= limit {
            let next = unsafe length + Int(blocks.number(at: length + 4))
            guard next <= limit else { break }
            length = next
        }
        return length
    }

    /// The places of whole blocks.
    static func blocks(in blocks: UnsafeRawBufferPointer) -> [Int] {
        var places: [Int] = []
        var offset = 0
        while offset < blocks.count {
            places.append(offset)
            unsafe offset += Int(blocks.number(at: offset + 4))
        }
        return places
    }

    /// The bytes that a record takes.
    static func length(of record: RecordHeader) -> Int { (Int(record.captured) + 3) & ~3 + packetOverhead }

    /// Adds comments to an enhanced packet block without options.
    static func add(_ comments: [String], to packet: [UInt8]) -> [UInt8] {
        var block = PcapngBlock(type: 6)
        block.append(body: packet.dropFirst(8).dropLast(4))
        for comment in comments { block.append(option: 1, text: comment) }
        return block.finish()
    }

    /// A name resolution block for one address.
    static func names(_ name: AddressName) -> [UInt8] {
        var block = PcapngBlock(type: 4)
        let value = name.address + Array(name.name.utf8) + [0]
        block.append(integer: UInt16(name.address.count == 4 ? 1 : 2))
        block.append(integer: UInt16(value.count))
        block.append(body: value + [UInt8](repeating: 0, count: -value.count & 3))
        block.append(integer: UInt32(0))  // the end of the records
        return block.finish()
    }
}
