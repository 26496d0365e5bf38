/// A value of `--host`: a packet's source or destination.
enum HostFilter: Hashable, Sendable {
    case addresses(AddressBlock)
    /// A host name, which each instance resolves by itself.
    case name(String)

    /// Parses a value of `--host`. Throws UsageError if it is neither an address, a block of addresses nor a host name.
    init(_ text: String) throws(UsageError) {
        if let block = AddressBlock(text) {
            if let address = block.mappedAddress {
                throw UsageError("--host '\(text)' is an IPv4 address in IPv6's notation, write \(address)")
            }
            self = .addresses(block)
        } else if PcapFilterWord.isKeyword(text) {
            throw UsageError(
                "--host '\(text)' is a word of pcap-filter(7): a protocol goes behind --proto, and a host "
                    + "of that name is written with its domain")
        } else if Self.isHostName(text) {
            self = .name(text)
        } else {
            throw UsageError(Self.mistake(in: text))
        }
    }

    /// The primitive of pcap-filter(7). `host` and `net` select ARP packets that name the address as well.
    var expression: String {
        switch self {
        case .addresses(let block): "\(block.isSingle ? "host" : "net") \(block.text)"
        case .name(let name): "host \(name)"
        }
    }

    /// The family of the addresses; nil for a name, which may have both.
    var family: AddressBlock.Family? {
        switch self {
        case .addresses(let block): block.family
        case .name: nil
        }
    }

    /// The value as an error message shows it.
    var text: String {
        switch self {
        case .addresses(let block): block.text
        case .name(let name): name
        }
    }

    /// Returns whether a word of a filter behind `host` is a name, and no address.
    static func isName(_ word: String) -> Bool {
        if case .name = try? HostFilter(word) { true } else { false }
    }

    /// Whether libpcap reads the text as a host name (scanner.l, ID) that DNS can hold (RFC 1123, 2.1). A last label of
    /// digits is a mistyped address.
    private static func isHostName(_ text: String) -> Bool {
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel), let last = labels.last else { return false }
        return isLetterOrDigit(name.utf8.first ?? 0) && isLetterOrDigit(name.utf8.last ?? 0)
            && !PcapFilterWord.isNumber(last) && !PcapFilterWord.isHardwareAddress(name)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count)
            && label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    /// Says what is wrong with a value, and what to write instead.
    private static func mistake(in text: String) -> String {
        let value = "--host '\(text)'"
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2, let port = Int(parts[1]), (0...65535).contains(port) {
            return "\(value) has a port, write --host \(parts[0]) --port \(port)"
        }
        if text.contains("%") { return "\(value) has a zone, leave out what begins with %" }
        return "\(value) is no host: write a name, an address such as 10.0.0.1 or fd00::1, or a net such as 10.0.0.0/8"
    }
}
