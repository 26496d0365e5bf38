/// A TCP socket, as a row of `/proc/net/tcp` or `/proc/net/tcp6` describes it (proc_net_tcp(5)).
struct TCPSocket: Equatable {
    let local: Endpoint
    let remote: Endpoint
    let state: UInt8
    /// The socket's inode number; 0 for a connection that no process holds any more.
    let inode: UInt64

    // include/net/tcp_states.h
    private static let established: UInt8 = 0x01
    private static let closeWait: UInt8 = 0x08
    private static let listen: UInt8 = 0x0A

    var isListening: Bool { state == Self.listen }

    /// Whether a process holds it and its peer could still read what it sends.
    var isConnected: Bool { inode != 0 && (state == Self.established || state == Self.closeWait) }
}

/// An address and a port. IPv4 addresses stand as IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2), as the sockets of a
/// dual-stack listener do.
struct Endpoint: Equatable {
    /// Sixteen bytes in network order, as two numbers.
    let high: UInt64
    let low: UInt64
    let port: UInt16
}

/// The rows of `/proc/net/tcp` and `/proc/net/tcp6`; both have the same columns.
enum SocketTable {
    /// Removes every complete row from `text` and calls `body` with each socket. Rows that describe none, such as the
    /// heading, are passed over; what stands behind the last newline is left.
    static func removeRows<Text: Collection<UInt8>>(from text: inout Text, _ body: (TCPSocket) -> Void)
    where Text.SubSequence == Text {
        while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
            if let socket = TCPSocket(row: text[..<end]) { body(socket) }
            text = text[text.index(after: end)...]
        }
    }
}

extension TCPSocket {
    /// `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …`
    init?(row: some Collection<UInt8>) {
        var columns = Columns(row)
        guard columns.next() != nil, let column = columns.next(), let local = Endpoint(column: column),
            let column = columns.next(), let remote = Endpoint(column: column),
            let column = columns.next(), let state = column.hexadecimal(as: UInt8.self)
        else { return nil }
        for _ in 0..<5 where columns.next() == nil { return nil }
        guard let column = columns.next(), let inode = column.decimal(upTo: .max) else { return nil }
        self.init(local: local, remote: remote, state: state, inode: inode)
    }
}

extension Endpoint {
    /// `ADDRESS:PORT`: the address as 32-bit words in hexadecimal, each in the order of the host's bytes, the port as a
    /// plain hexadecimal number (net/ipv4/tcp_ipv4.c, get_tcp4_sock).
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

    /// `address` is in host order: 127.0.0.1 is 0x7F000001.
    init(v4 address: UInt32, port: UInt16) {
        self.init(high: 0, low: 0xFFFF << 32 | UInt64(address), port: port)
    }

    private static func removeWord<Text: Collection<UInt8>>(from digits: inout Text) -> UInt32?
    where Text.SubSequence == Text {
        let word = digits.prefix(8).hexadecimal(as: UInt32.self)
        digits = digits.dropFirst(8)
        return word.map { UInt32(bigEndian: $0) }
    }
}

/// The columns of a row, separated by blanks.
private struct Columns<Row: Collection<UInt8>> {
    private var rest: Row.SubSequence

    init(_ row: Row) {
        rest = row[...]
    }

    mutating func next() -> Row.SubSequence? {
        rest = rest.drop { $0 == UInt8(ascii: " ") }
        guard !rest.isEmpty else { return nil }
        let column = rest.prefix { $0 != UInt8(ascii: " ") }
        rest = rest[column.endIndex...]
        return column
    }
}
