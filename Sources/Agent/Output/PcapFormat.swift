/// The format of capture files: classic pcap 2.4 with microseconds, in the host's byte order (pcap-savefile(5)).
enum PcapFormat {
    /// The size of the file header in bytes.
    static let fileHeaderSize = 24
    /// The size of a record's header in bytes.
    static let recordHeaderSize = 16

    /// Returns the length of a record in bytes, including its header. The third word of the header is the captured
    /// length.
    ///
    /// - Parameter address: The address of the record, of any alignment.
    @inline(__always)
    static func recordLength(at address: UnsafeRawPointer) -> Int {
        recordHeaderSize &+ Int(unsafe address.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    }
}
