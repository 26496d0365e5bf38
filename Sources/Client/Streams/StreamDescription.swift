/// The properties of one source of packets, as a capture file states them.
struct StreamDescription: Hashable, Sendable {
    /// The name of its sender, such as `web/0 eth0`.
    let name: String
    /// The app, the instance's identifier, the agent.
    let description: String
    /// The filter that was asked for.
    let filter: String?
    /// The link type of its packets.
    let linkType: UInt16
    /// The number of bits of the frame check sequence behind each packet; nil if it is not told.
    var frameCheckBits: UInt8?
    /// Whether its time stamps are in nanoseconds; else in microseconds.
    let isNanoseconds: Bool
    /// The most that was kept of a packet, in bytes.
    let snaplen: UInt32
    /// The address of the instance and its name; nil if the address is not known.
    var addressName: AddressName?
}

/// The statistics of a stream at its end; nil stands for what is not known.
struct StreamStatistics: Equatable, Sendable {
    /// When its capture began, in nanoseconds since 1970.
    var start: UInt64?
    /// When it ended, in nanoseconds since 1970.
    var end: UInt64?
    /// Packets that matched the filter.
    var received: UInt64?
    /// Packets that matched and were dropped by the kernel, as the agent counts them.
    var dropped: UInt64?
    /// The failure with which the stream ended; nil if it ended as it was asked to.
    var comment: String?
}
