/// The line in which an agent names its version.
enum AgentVersion {
    private static let name = "cf-pcap "
    private static let longest = 40

    /// Returns the agent's name and version if that is all of a line: `cf-pcap 1.2.3`. No other words of an instance get
    /// into a file.
    static func find(in line: String) -> String? {
        guard line.hasPrefix(name) else { return nil }
        let version = line.utf8.dropFirst(name.utf8.count)
        guard (1...longest).contains(version.count), version.allSatisfy(isPartOfVersion) else { return nil }
        return line
    }

    private static func isPartOfVersion(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
