/// The name of an address in a capture, for a name resolution block.
struct AddressName: Hashable, Sendable {
    /// The bytes of an IPv4 or IPv6 address, in network byte order.
    let address: [UInt8]
    /// The name: letters, digits, `.`, `_` and `-`.
    let name: String

    /// Reads an address as text. Returns nil if it is none. The corresponding C function is `inet_pton`.
    ///
    /// Characters that a host name does not have become hyphens: readers print names as they are.
    init?(_ text: String, name: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        let lengths = [(AF_INET, 4), (AF_INET6, 16)]
        guard let length = lengths.first(where: { unsafe inet_pton($0.0, text, &bytes) == 1 })?.1 else { return nil }
        address = Array(bytes.prefix(length))
        let allowed = name.prefix(200).map { character -> Character in
            guard character.isASCII, character.isLetter || character.isNumber || "._-".contains(character) else {
                return "-"
            }
            return character
        }
        self.name = String(allowed)
    }
}
