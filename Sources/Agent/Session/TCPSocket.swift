/// A TCP socket, from a row of `/proc/net/tcp` or `/proc/net/tcp6` (proc_net_tcp(5)).
struct TCPSocket: Equatable {
    let local: Endpoint
    let remote: Endpoint
    /// The number of the state (include/net/tcp_states.h).
    let state: UInt8
    /// The inode number; 0 if no process holds the socket any more.
    let inode: UInt64

    /// The state of an open connection.
    private static let established: UInt8 = 0x01
    /// The state of a connection whose peer has closed its direction.
    private static let closeWait: UInt8 = 0x08
    /// The state of a listening socket.
    private static let listen: UInt8 = 0x0A

    /// Whether the socket accepts connections.
    var isListening: Bool { state == Self.listen }

    /// Whether a process holds the socket and the peer can still receive data.
    var isConnected: Bool { inode != 0 && (state == Self.established || state == Self.closeWait) }

    /// Whether the peer is on this host: its address is a loopback address or the same as the local one.
    var isFromThisHost: Bool { remote.isLoopback || remote.high == local.high && remote.low == local.low }
}

extension TCPSocket {
    /// Parses `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …`. Returns nil
    /// if the row has another form.
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
