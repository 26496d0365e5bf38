/// Classic pcap 2.4 with microseconds, in the host's byte order (pcap-savefile(5)).
enum PcapFormat {
    static let fileHeaderSize = 24
    static let recordHeaderSize = 16

    /// Writes the file header: magic number, version 2.4, two unused words, snaplen, link type.
    static func writeFileHeader(snaplen: Int, linkType: Int32, to place: UnsafeMutableRawPointer) {
        unsafe place.storeBytes(of: 0xA1B2_C3D4, as: UInt32.self)
        unsafe place.storeBytes(of: 2, toByteOffset: 4, as: UInt16.self)
        unsafe place.storeBytes(of: 4, toByteOffset: 6, as: UInt16.self)
        unsafe place.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
        unsafe place.storeBytes(of: UInt32(snaplen), toByteOffset: 16, as: UInt32.self)
        unsafe place.storeBytes(of: UInt32(linkType), toByteOffset: 20, as: UInt32.self)
    }

    /// The length of a record with its header, by the captured length that stands in its third word.
    @inline(__always)
    static func recordLength(at place: UnsafeRawPointer) -> Int {
        recordHeaderSize &+ Int(unsafe place.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    }
}
