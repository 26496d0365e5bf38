import CLinux

/// Watches the SSH session that carries the capture.
///
/// If the daemon serves several sessions from one process, the agent cannot tell which connection is its own. The
/// session counts as ended when all connections that existed at the start have ended, or when one of them has ended and
/// standard input is closed.
final class SessionWatch {
    /// The connections of the start that still exist.
    private var connections: [TCPSocket]
    /// The socket tables, or nil if there is no session to watch.
    private var tables: SocketTables?
    /// Whether a connection of the start has ended.
    private var hasLostConnection = false
    /// The descriptor of standard input.
    private let input: Int32
    /// Whether a closed standard input is evidence for the session's end. False if standard input was closed at the
    /// start.
    private var watchesStandardInput: Bool
    /// Whether no check has been made.
    private var isFirstCheck = true

    /// The moment of the next check; the distant future if there is no session to watch or the session has ended.
    private(set) var nextCheck = MonotonicClock.Instant.distantFuture

    /// Opens the socket tables, if there is a session to watch.
    ///
    /// - Parameters:
    ///   - session: The session to watch, or nil if there is none.
    ///   - input: The descriptor of standard input.
    init(_ session: SSHSession?, input: Int32 = STDIN_FILENO) {
        connections = session?.connections ?? []
        self.input = input
        watchesStandardInput = Self.isOpen(input)
        if connections.isEmpty { return }
        guard let tables = try? SocketTables() else { return }
        self.tables = consume tables
        nextCheck = MonotonicClock.now() + Self.interval(afterReading: 0)
    }

    /// The descriptors of the socket tables; -1 for a table that is not read.
    var descriptors: (v4: Int32, v6: Int32) {
        switch tables {
        case .some(let tables): tables.descriptors
        case nil: (-1, -1)
        }
    }

    /// Checks whether the session still exists, and sets ``nextCheck``.
    ///
    /// - Returns: False if the session has ended; true if it exists or the tables cannot be read.
    func check() -> Bool {
        let isInputOpen = Self.isOpen(input)
        let missing = missingConnections()
        // A client with standard input from /dev/null closes it soon after the start, which is no end of the session.
        if isFirstCheck && missing.isEmpty { watchesStandardInput = isInputOpen }
        isFirstCheck = false
        connections.removeAll { missing.contains($0) }
        hasLostConnection = hasLostConnection || !missing.isEmpty
        let hasLostInput = watchesStandardInput && !isInputOpen
        let hasEnded = connections.isEmpty || hasLostInput && hasLostConnection
        if hasEnded { nextCheck = .distantFuture }
        return !hasEnded
    }

    /// Returns the connections that the tables no longer list, and sets ``nextCheck``. Returns none if the tables
    /// cannot be read.
    private func missingConnections() -> [TCPSocket] {
        var missing = connections
        var count = 0
        // A read may miss a row, if rows before it are removed between the reads of two parts.
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

    /// Returns the delay before the next check.
    ///
    /// A check takes 2 us for each socket in the tables. The delay grows with the number of sockets, so that checks
    /// take at most 0.5 % of a core for up to 15,000 sockets.
    private static func interval(afterReading sockets: Int) -> Duration {
        min(.seconds(2) + .microseconds(400) * sockets, .seconds(6))
    }

    /// Returns whether another process holds the other end of a pipe, socket or terminal. Returns true for a file,
    /// which has no other end. Does not read from the descriptor.
    ///
    /// The corresponding C function is `poll`.
    private static func isOpen(_ input: Int32) -> Bool {
        var entry = pollfd(fd: input, events: Int16(POLLRDHUP), revents: 0)
        return unsafe poll(&entry, 1, 0) <= 0
    }
}

extension TCPSocket {
    /// Returns whether two sockets are the same connection, in any state. A different inode number means a later
    /// connection between the same ports.
    fileprivate func isSameConnection(as other: TCPSocket) -> Bool {
        inode == other.inode && local == other.local && remote == other.remote
    }
}
