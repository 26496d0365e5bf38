/// A filter expression of pcap-filter(7): the user's own, combined with the exclusion.
public struct FilterExpression {
    /// The user's expression; blank if all packets are wanted.
    let user: ByteString
    /// The ports that are left out; nil if none are known.
    let exclusion: Exclusion?

    /// Combines the user's expression with an exclusion, if there is one.
    public init(_ user: ByteString, without exclusion: Exclusion?) {
        self.user = user
        self.exclusion = exclusion
    }

    /// The expression that libpcap compiles.
    var combined: ByteString { exclusion?.combined(with: user) ?? user }

    /// Logs the expression if it is not the user's, and what a capture on `interface` cannot show.
    public func describe(on interface: Interface, in log: Log) {
        exclusion?.describe(with: user, in: log)
        InterfaceLimits.describe(interface, filter: user, in: log)
    }
}

extension ByteString {
    /// Whether each parenthesis of a filter expression has its counterpart. A parenthesis is always a token of its own
    /// (pcap-filter(7)).
    var hasMatchingParentheses: Bool {
        var depth = 0
        for byte in bytes {
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            if depth < 0 { return false }
        }
        return depth == 0
    }
}
