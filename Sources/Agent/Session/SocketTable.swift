/// A TCP socket, as a row of `/proc/net/tcp` or `/proc/net/tcp6` describes it (proc_net_tcp(5)).
struct TCPSocket: Equatable {
    /// The address and port of this end.
    let local: Endpoint
    /// The address and port of the other end.
    let remote: Endpoint
    /// The state, as the kernel numbers it (include/net/tcp_states.h).
    let state: UInt8
    /// The socket's inode number; 0 for a connection that no process holds any more.
    let inode: UInt64

    private static let established: UInt8 = 0x01
    private static let closeWait: UInt8 = 0x08
    private static let listen: UInt8 = 0x0A

    /// Whether the socket accepts connections.
    var isListening: Bool { state == Self.listen }

    /// Whether a process holds it and its peer may still read what is sent on it.
    var isConnected: Bool { inode != 0 && (state == Self.established || state == Self.closeWait) }

    /// Whether the other end is on this host: it has the same address, or a loopback address.
    var isFromThisHost: Bool { remote.isLoopback || remote.high == local.high && remote.low == local.low }
}

/// A parser of the rows of `/proc/net/tcp` and `/proc/net/tcp6`, which have the same columns.
enum SocketTable {
    /// Removes every complete row from `text`, and calls `body` with each socket. Skips rows that describe no socket, such
    /// as the heading. Leaves the bytes after the last newline in `text`.
    static func removeRows<Text: Collection<UInt8>>(from text: inout Text, _ body: (TCPSocket) -> Void)
    where Text.SubSequence == Text {
        while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
            if let socket = TCPSocket(row: text[..<end]) { body(socket) }
            text = text[text.index(after: end)...]
        }
    }
}

extension TCPSocket {
    /// Parses `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …`; nil if the row
    /// is anything else.
    init?(row: some Collection<UInt8>) {
        var rest = row[...]
        func next() -> some Collection<UInt8> {
            rest = rest.drop { $0 == UInt8(ascii: " ") }
            let column = rest.prefix { $0 != UInt8(ascii: " ") }
            rest = rest[column.endIndex...]
            return column
        }
        _ = next()
        guard let local = Endpoint(column: next()), let remote = Endpoint(column: next()),
            let state = next().hexadecimal(as: UInt8.self)
        else { return nil }
        for _ in 0..<5 { _ = next() }
        guard let inode = next().decimal(upTo: .max) else { return nil }
        self.init(local: local, remote: remote, state: state, inode: inode)
    }
}
