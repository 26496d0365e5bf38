/// The layout of classic pcap 2.4 with microseconds, in the host's byte order (pcap-savefile(5)).
enum PcapFormat {
    static let fileHeaderSize = 24
    static let recordHeaderSize = 16

    /// Returns the length of the record at `address`, its header included. The captured length is the header's third word.
    @inline(__always)
    static func recordLength(at address: UnsafeRawPointer) -> Int {
        recordHeaderSize &+ Int(unsafe address.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    }
}
