/// Classic pcap 2.4 with microseconds, in the host's byte order (pcap-savefile(5)).
enum PcapFormat {
    static let fileHeaderSize = 24
    static let recordHeaderSize = 16

    /// The length of a record with its header, by the captured length that stands in its third word.
    @inline(__always)
    static func recordLength(at place: UnsafeRawPointer) -> Int {
        recordHeaderSize &+ Int(unsafe place.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    }
}
