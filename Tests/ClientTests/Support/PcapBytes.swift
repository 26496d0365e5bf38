/// A classic pcap stream, as a test wants it.
struct PcapBytes {
    var isSwapped = false
    var isNanoseconds = false
    var snaplen: UInt32 = 65535
    var linkType: UInt32 = 1

    /// The 24 bytes at the start.
    var header: [UInt8] {
        number(isNanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4) + half(2) + half(4) + number(0) + number(0) + number(snaplen)
            + number(linkType)
    }

    /// A record; `time` is in microseconds, or in nanoseconds where the stream is.
    func record(_ time: UInt64, _ packet: [UInt8] = [1, 2, 3, 4], original: Int? = nil) -> [UInt8] {
        let unit: UInt64 = isNanoseconds ? 1_000_000_000 : 1_000_000
        return number(UInt32(time / unit)) + number(UInt32(time % unit)) + number(UInt32(packet.count))
            + number(UInt32(original ?? packet.count)) + packet
    }

    func number(_ value: UInt32) -> [UInt8] {
        let value = isSwapped ? value.bigEndian : value.littleEndian
        return (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }

    private func half(_ value: UInt16) -> [UInt8] {
        let value = isSwapped ? value.bigEndian : value.littleEndian
        return [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    }
}
