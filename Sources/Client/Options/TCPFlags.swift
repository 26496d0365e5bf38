/// A set of TCP's flags, as bits of the header's byte 13 (RFC 9293, 3.1).
struct TCPFlags: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    private static let names = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"]

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Parses a value of `--tcp-flags`: one flag's name, in any case.
    init(_ text: String) throws(UsageError) {
        guard let bit = Self.names.firstIndex(of: text.lowercased()) else {
            throw UsageError("--tcp-flags '\(text)' is not one of \(Self.names.joined(separator: ", "))")
        }
        rawValue = 1 << UInt8(bit)
    }

    /// The primitives that select a packet with any of the flags. libpcap's `tcp[…]` sees IPv4 only; the second looks
    /// into IPv6 packets whose TCP header follows the fixed header of 40 bytes.
    var expressions: [String] {
        ["tcp[13] & \(rawValue) != 0", "(ip6[6] = 6 and ip6[53] & \(rawValue) != 0)"]
    }
}
