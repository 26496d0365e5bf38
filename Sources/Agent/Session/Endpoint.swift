import CLinux

/// An IP address and a port.
///
/// An IPv4 address is stored as an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2), because dual-stack sockets have IPv4
/// peers in that form.
struct Endpoint: Equatable, Sendable {
    /// The first eight bytes of the IPv6 address, as a big-endian number.
    let high: UInt64
    /// The last eight bytes of the IPv6 address, as a big-endian number.
    let low: UInt64
    let port: UInt16

    /// Whether the address is a loopback address, in 127.0.0.0/8 or ::1.
    var isLoopback: Bool {
        high == 0 && (low == 1 || (isV4 && UInt8(truncatingIfNeeded: low >> 24) == 127))
    }

    /// Whether the address is an IPv4 address.
    var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }
}

extension Endpoint {
    /// Parses `ADDRESS:PORT` in a row of `/proc/net/tcp` or `/proc/net/tcp6`.
    ///
    /// The address is one 32-bit word or four, each in hexadecimal digits and in the host's byte order. The port is a
    /// hexadecimal number (net/ipv4/tcp_ipv4.c, get_tcp4_sock).
    ///
    /// - Returns: nil if the text has another form.
    init?(column: some Collection<UInt8>) {
        guard let colon = column.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let port = column[column.index(after: colon)...]
        guard port.count == 4, let port = port.hexadecimal(as: UInt16.self) else { return nil }
        var rest = column[..<colon]
        switch rest.count {
        case 8:
            guard let word = Self.removeWord(from: &rest) else { return nil }
            self.init(v4: word, port: port)
        case 32:
            guard let first = Self.removeWord(from: &rest), let second = Self.removeWord(from: &rest),
                let third = Self.removeWord(from: &rest), let fourth = Self.removeWord(from: &rest)
            else { return nil }
            self.init(
                high: UInt64(first) << 32 | UInt64(second), low: UInt64(third) << 32 | UInt64(fourth), port: port)
        default:
            return nil
        }
    }

    /// Creates an endpoint with an IPv4 address.
    ///
    /// - Parameters:
    ///   - address: The address as a number: 127.0.0.1 is 0x7F000001.
    ///   - port: The port.
    init(v4 address: UInt32, port: UInt16) {
        self.init(high: 0, low: 0xFFFF << 32 | UInt64(address), port: port)
    }

    /// Removes the first eight hexadecimal digits and returns the word in them.
    private static func removeWord<Text: Collection<UInt8>>(from digits: inout Text) -> UInt32?
    where Text.SubSequence == Text {
        let word = digits.prefix(8).hexadecimal(as: UInt32.self)
        digits = digits.dropFirst(8)
        return word.map { UInt32(bigEndian: $0) }
    }
}

extension Endpoint {
    /// The text `ADDRESS:PORT`, with an IPv6 address in brackets.
    var description: ByteString { isV4 ? "\(address):\(port)" : "[\(address)]:\(port)" }

    /// The text of the address (inet_pton(3)).
    ///
    /// The corresponding C function is `inet_ntop`.
    var address: ByteString {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let (family, start) = isV4 ? (AF_INET, 12) : (AF_INET6, 0)
        return unsafe withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { bytes in
            // inet_ntop(3) returns null only for an unknown family or too small a buffer.
            unsafe ByteString(cString: inet_ntop(family, bytes.baseAddress! + start, &text, socklen_t(text.count))!)
        }
    }

    /// Parses an address and a port.
    ///
    /// - Parameters:
    ///   - address: The text of an address (inet_pton(3)), with or without `%` and a zone.
    ///   - port: A decimal number.
    /// - Returns: nil if a text has another form.
    init?(address: some Collection<UInt8>, port: some Collection<UInt8>) {
        guard let port = port.decimal(upTo: UInt64(UInt16.max)) else { return nil }
        let text = ByteString(address.prefix { $0 != UInt8(ascii: "%") })
        // An IPv4 address fills the first four bytes.
        var bytes: (UInt64, UInt64) = (0, 0)
        func reads(_ family: Int32) -> Bool { unsafe text.withCString { unsafe inet_pton(family, $0, &bytes) == 1 } }
        if reads(AF_INET) {
            self.init(v4: UInt32(truncatingIfNeeded: UInt64(bigEndian: bytes.0) >> 32), port: UInt16(port))
        } else if reads(AF_INET6) {
            self.init(high: UInt64(bigEndian: bytes.0), low: UInt64(bigEndian: bytes.1), port: UInt16(port))
        } else {
            return nil
        }
    }
}
