/// An IPv4 or IPv6 address, or a block of them (RFC 4632, RFC 4291).
struct AddressBlock: Hashable, Sendable {
    /// A version of the Internet Protocol.
    enum Family: String, Hashable, Sendable, CaseIterable {
        case ipv4 = "IPv4"
        case ipv6 = "IPv6"
    }

    let family: Family
    /// The first address in network byte order, 4 or 16 bytes. The bits behind the prefix are zero.
    let bytes: [UInt8]
    /// The number of leading bits that all addresses of the block share.
    let prefixLength: Int

    /// Parses `10.0.0.1`, `10.0.0.0/8`, `fd00::1` or `fd00::/8`. Clears the bits behind the prefix. Returns nil if the
    /// text is anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let family = Self.family(of: parts[0]),
            let address = Self.parse(String(parts[0]), family)
        else { return nil }
        let bits = address.count * 8
        let prefixLength = parts.count == 1 ? bits : Self.number(parts[1])
        guard let prefixLength, prefixLength <= bits else { return nil }
        self.family = family
        self.prefixLength = prefixLength
        bytes = address.enumerated().map { index, byte in
            let kept = min(8, max(0, prefixLength - index * 8))
            return byte & UInt8(truncatingIfNeeded: 0xFF00 >> kept)
        }
    }

    /// Whether the block has one address only.
    var isSingle: Bool { prefixLength == bytes.count * 8 }

    /// The IPv4 address within an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`); nil for any other. Packets never carry
    /// such an address: it is how programs name an IPv4 address (RFC 4291, 2.5.5.2).
    var mappedAddress: String? {
        guard family == .ipv6, prefixLength >= 96, bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        else { return nil }
        return bytes.suffix(4).map(String.init).joined(separator: ".")
    }

    /// The address, or the block as `ADDRESS/PREFIX`.
    var text: String { isSingle ? address : "\(address)/\(prefixLength)" }

    /// The corresponding C function is `inet_ntop`.
    private var address: String {
        let code = family == .ipv4 ? AF_INET : AF_INET6
        // INET6_ADDRSTRLEN is the longest text with its zero, so the call cannot fail.
        return unsafe String(unsafeUninitializedCapacity: Int(INET6_ADDRSTRLEN)) { text in
            unsafe text.withMemoryRebound(to: CChar.self) { text in
                unsafe inet_ntop(code, bytes, text.baseAddress, socklen_t(INET6_ADDRSTRLEN)) == nil
                    ? 0 : strlen(text.baseAddress!)
            }
        }
    }

    private static func family(of address: Substring) -> Family? {
        guard address.utf8.allSatisfy(isAddressCharacter) else { return nil }
        return address.contains(":") ? .ipv6 : .ipv4
    }

    private static func isAddressCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// The corresponding C function is `inet_pton`, which accepts no octal and no abbreviated IPv4 address.
    private static func parse(_ text: String, _ family: Family) -> [UInt8]? {
        let (code, size) = family == .ipv4 ? (AF_INET, 4) : (AF_INET6, 16)
        var isAddress = false
        // inet_pton writes `size` bytes if it succeeds.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
            isAddress = unsafe inet_pton(code, text, bytes.baseAddress) == 1
            count = isAddress ? size : 0
        }
        return isAddress ? bytes : nil
    }

    private static func number(_ digits: Substring) -> Int? {
        (1...3).contains(digits.utf8.count) && digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    }
}
