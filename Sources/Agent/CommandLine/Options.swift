/// The options of a capture.
public struct Options: Equatable {
    static let defaultSnaplen = 65535
    /// The largest snaplen that libpcap takes (MAXIMUM_SNAPLEN in pcap-int.h).
    static let largestSnaplen = 262_144

    /// The interface's name; empty if none was given.
    public var interface: ByteString = ""
    /// The number of bytes to keep of each packet, 1 to ``largestSnaplen``.
    public var snaplen = Options.defaultSnaplen
    /// An expression of pcap-filter(7); empty if none was given.
    public var filter: ByteString = ""
    /// Whether details and progress are logged.
    public var isVerbose = false
}
