/// The link types of packets that an agent can capture in a container (pcap-linktype(7)).
///
/// Any other one is refused: readers of a capture file take a packet that is too short for its link type for a damaged
/// file, so that one instance could make the packets of all unreadable.
enum LinkType {
    /// The accepted link types and their names.
    static let names: [UInt16: String] = [
        0: "loopback", 1: "Ethernet", 12: "raw IP", 14: "raw IP", 101: "raw IP", 108: "loopback", 113: "Linux SLL",
        276: "Linux SLL2",
    ]

    /// Returns the link type that packets of an interface of a container have.
    static func of(interface: String) -> UInt16 { interface == "any" ? 276 : 1 }

    /// Returns whether packets of a link type begin with their IP header.
    static func isRawIP(_ linkType: UInt16) -> Bool { [12, 14, 101].contains(linkType) }

    /// The name and number of a link type: `Ethernet (1)`.
    static func description(_ linkType: UInt16) -> String {
        names[linkType].map { "\($0) (\(linkType))" } ?? "\(linkType)"
    }
}
