extension PcapStream {
    /// The reason why a stream cannot be read any further.
    enum Problem: Equatable, Sendable {
        /// The first bytes are no pcap header.
        case notPcap
        /// The bytes behind the whole records are neither a record nor text.
        case notARecord
        /// Text stands behind the whole records.
        case text(String)
        /// The packets are of a link type that no agent sends.
        case linkType(UInt16)
    }
}

extension PcapStream.Problem: CustomStringConvertible {
    var description: String {
        switch self {
        case .notPcap: "what it sends is not a capture"
        case .notARecord: "after its first packets, what it sends is no longer a capture"
        case .text(let text): "text stands among its packets: '\(text)'"
        case .linkType(let type):
            "its packets are of link type \(type), which no agent sends: Ethernet, Linux SLL and SLL2, raw IP and loopback "
                + "are accepted"
        }
    }
}
