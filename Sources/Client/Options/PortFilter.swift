/// A value of `--port`: a port of the source or the destination, or a range of them.
struct PortFilter: Hashable, Sendable {
    let ports: ClosedRange<UInt16>

    /// Parses `443` or `8000-8010`.
    init(_ text: String) throws(UsageError) {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(bounds.count), let first = Self.number(bounds[0]),
            let last = Self.number(bounds[bounds.count - 1])
        else {
            throw UsageError("--port '\(text)' is no port, write a number from 0 to 65535 or a range such as 8000-8010")
        }
        guard first <= last else { throw UsageError("--port '\(text)' ends before it begins, write \(last)-\(first)") }
        ports = first...last
    }

    /// The primitive of pcap-filter(7): TCP, UDP and SCTP, IPv4 and IPv6.
    var expression: String {
        ports.count == 1 ? "port \(ports.lowerBound)" : "portrange \(ports.lowerBound)-\(ports.upperBound)"
    }

    private static func number(_ digits: Substring) -> UInt16? {
        digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(digits) : nil
    }
}
