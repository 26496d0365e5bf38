/// An expression of pcap-filter(7): the user's own, and the exclusion that is combined with it.
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
}
