/// The header of a classic pcap stream, 24 bytes (pcap-savefile(5)).
struct PcapHeader: Equatable, Sendable {
    /// Bytes of the header.
    static let size = 24

    /// Whether the numbers are in the other byte order than this machine's.
    let isSwapped: Bool
    /// Whether time stamps are in nanoseconds; else in microseconds.
    let isNanoseconds: Bool
    /// The most that was kept of a packet, in bytes.
    let snaplen: UInt32
    /// The link type.
    let linkType: UInt16
    /// The number of bits of the frame check sequence behind each packet; nil if it is not told.
    let frameCheckBits: UInt8?

    /// The largest length of a packet in the stream, in bytes. A snaplen of 0 sets no limit of its own.
    var longestPacket: UInt32 {
        snaplen == 0 ? RecordHeader.longestPacket : min(snaplen, RecordHeader.longestPacket)
    }

    /// Reads a header from the first 24 of `bytes`; nil if they are not one.
    ///
    /// The layout is that of pcap-savefile(5): magic, major and minor version, two unused fields, snaplen, link type.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count >= Self.size else { return nil }
        var rest = bytes[...]
        let magic = rest.removeInteger(UInt32.self)
        switch magic {
        case 0xA1B2_C3D4: (isSwapped, isNanoseconds) = (false, false)
        case 0xA1B2_3C4D: (isSwapped, isNanoseconds) = (false, true)
        case 0xD4C3_B2A1: (isSwapped, isNanoseconds) = (true, false)
        case 0x4D3C_B2A1: (isSwapped, isNanoseconds) = (true, true)
        default: return nil
        }
        let major = rest.removeInteger(UInt16.self)
        let minor = rest.removeInteger(UInt16.self)
        guard (isSwapped ? major.byteSwapped : major) == 2, (isSwapped ? minor.byteSwapped : minor) == 4 else {
            return nil
        }
        rest.removeFirst(8)
        let snaplen = rest.removeInteger(UInt32.self)
        let linkType = rest.removeInteger(UInt32.self)
        self.snaplen = isSwapped ? snaplen.byteSwapped : snaplen
        let field = isSwapped ? linkType.byteSwapped : linkType
        self.linkType = UInt16(truncatingIfNeeded: field)
        // Bit 26 says that the four bits from bit 28 on count 16-bit words (pcap-savefile(5)).
        frameCheckBits = field & 1 << 26 == 0 ? nil : UInt8(field >> 28) * 16
    }
}

extension Collection<UInt8> where SubSequence == Self {
    /// Takes a number in this machine's byte order from the start, which must hold it.
    fileprivate mutating func removeInteger<Number: FixedWidthInteger>(_: Number.Type) -> Number {
        let size = Number.bitWidth / 8
        var number: Number = 0
        for byte in prefix(size).reversed() {
            number = number << 8 | Number(byte)
        }
        removeFirst(size)
        return Number(littleEndian: number)
    }
}
