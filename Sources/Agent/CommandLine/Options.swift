/// The options of a capture.
public struct Options: Equatable {
    /// The snaplen if the command line asks for none.
    static let defaultSnaplen = 65535
    /// The largest snaplen that libpcap accepts (pcap-int.h, MAXIMUM_SNAPLEN).
    static let largestSnaplen = 262_144

    /// The name of the interface; empty if the command line names none.
    public var interface: ByteString = ""
    /// The user's filter, an expression of pcap-filter(7); empty if the command line has none.
    public var filter: ByteString = ""
    /// Whether the log has debug lines and progress.
    public var isVerbose = false
    /// The last value of `-snaplen`, which may be out of range.
    var givenSnaplen = UInt64(defaultSnaplen)

    /// The number of bytes that a capture keeps of each packet, 1 to ``largestSnaplen``.
    public var snaplen: Int { Int(givenSnaplen) }

    /// Throws if the last value of a flag is out of range.
    func requireRanges() throws(UsageError) {
        guard givenSnaplen <= Self.largestSnaplen else { throw Self.invalidSnaplen("\(givenSnaplen)") }
    }

    /// Returns the error for a snaplen that is no number or out of range.
    static func invalidSnaplen(_ value: ByteString) -> UsageError {
        UsageError("invalid value \"\(value)\" for flag -snaplen: give 1 to \(largestSnaplen), or 0 for the default")
    }
}
