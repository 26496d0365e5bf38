@testable import Client

/// A ``PacketFilter`` and the frames of samples to match with it.
struct SampleFilter {
    /// A link type and how a test's packets look there.
    enum Link: CaseIterable {
        case ethernet, linuxCooked2

        func frame(of packet: SamplePacket) -> [UInt8] {
            switch self {
            case .ethernet: packet.ethernet
            case .linuxCooked2: packet.linuxCooked2
            }
        }

        /// The number in a capture file (pcap-linktype(7)).
        var linkType: UInt16 {
            switch self {
            case .ethernet: 1
            case .linuxCooked2: 276
            }
        }
    }

    private let filter: PacketFilter
    private let link: Link

    init(_ expression: String, _ link: Link) throws {
        filter = try PacketFilter(expression, linkType: link.linkType)
        self.link = link
    }

    func matches(_ packet: SamplePacket) -> Bool { filter.matches(link.frame(of: packet)) }
}

extension PacketFilter {
    /// Returns whether the filter selects a packet that was captured as a whole.
    func matches(_ packet: [UInt8]) -> Bool {
        unsafe packet.withUnsafeBytes { unsafe matches($0, original: UInt32(packet.count)) }
    }
}
