import CLinux

/// Watches the SSH session that carries the capture.
///
/// A daemon that serves several sessions from one process has a connection for each of them, and nothing tells which one
/// is the agent's. The session counts as ended if all connections of the start have gone, or if one of them has gone and
/// standard input has been closed.
final class SessionWatch {
    /// The connections of the start that still exist.
    private var connections: [TCPSocket]
    private var tables: SocketTables?
    private var hasLostConnection = false
    private let input: Int32
    /// Whether the end of standard input means something: it was open at the start.
    private var watchesStandardInput: Bool
    private var isFirstCheck = true

    /// The moment of the next check; never if there is no session to watch, or it has ended.
    private(set) var nextCheck = MonotonicClock.Instant.distantFuture

    /// Opens the socket tables, if there is a session to watch. `input` is the descriptor of its standard input.
    init(_ session: SSHSession?, input: Int32 = STDIN_FILENO) {
        connections = session?.connections ?? []
        self.input = input
        watchesStandardInput = Self.isOpen(input)
        if connections.isEmpty { return }
        guard let tables = try? SocketTables() else { return }
        self.tables = consume tables
        nextCheck = MonotonicClock.now() + Self.interval(afterReading: 0)
    }

    /// The descriptors of the socket tables; -1 for each that is not read.
    var descriptors: (v4: Int32, v6: Int32) {
        switch tables {
        case .some(let tables): tables.descriptors
        case nil: (-1, -1)
        }
    }

    /// Checks whether the session still exists, and sets ``nextCheck``. Returns true if that is not known.
    func check() -> Bool {
        let isInputOpen = Self.isOpen(input)
        let missing = missingConnections()
        // A client that was run with </dev/null closes standard input soon after the start, which means nothing.
        if isFirstCheck && missing.isEmpty { watchesStandardInput = isInputOpen }
        isFirstCheck = false
        connections.removeAll { missing.contains($0) }
        hasLostConnection = hasLostConnection || !missing.isEmpty
        let hasLostInput = watchesStandardInput && !isInputOpen
        let hasEnded = connections.isEmpty || hasLostInput && hasLostConnection
        if hasEnded { nextCheck = .distantFuture }
        return !hasEnded
    }

    /// Returns the connections that the tables no longer list; none if the tables cannot be read. Sets ``nextCheck``.
    private func missingConnections() -> [TCPSocket] {
        var missing = connections
        var count = 0
        // A table is read in parts, and a row may be missed if others before it go at that moment.
        for _ in 0..<2 where !missing.isEmpty {
            do {
                try tables?.readAll { socket in
                    count += 1
                    if socket.isConnected { missing.removeAll { $0.isSameConnection(as: socket) } }
                }
            } catch {
                missing = []
            }
        }
        nextCheck = MonotonicClock.now() + Self.interval(afterReading: count)
        return missing
    }

    /// Returns the delay before the next check. Reading a table takes 2 us for each socket in it. The delay grows with
    /// their number, so that checks cost at most 0.5 % of a core for up to 15,000 sockets.
    private static func interval(afterReading sockets: Int) -> Duration {
        min(.seconds(2) + .microseconds(400) * sockets, .seconds(6))
    }

    /// Returns whether another process holds the other end of a pipe, a socket or a terminal. Returns true for files,
    /// which have no such end. Reads nothing. The corresponding C function is `poll`.
    private static func isOpen(_ input: Int32) -> Bool {
        var entry = pollfd(fd: input, events: Int16(POLLRDHUP), revents: 0)
        return unsafe poll(&entry, 1, 0) <= 0
    }
}

extension TCPSocket {
    /// Returns whether both are the same connection, in whatever state. A different inode number means a later
    /// connection between the same ports.
    fileprivate func isSameConnection(as other: TCPSocket) -> Bool {
        inode == other.inode && local == other.local && remote == other.remote
    }
}
