import CLinux

/// Tells when the SSH session that carries the capture has ended.
///
/// A daemon that serves several sessions from one process has a connection for each, and nothing tells which is the
/// agent's. Its session has ended when all that were there at the start have gone, or one of them and the writer of
/// standard input.
public final class SessionWatch {
    /// The connections of the start that are still there.
    private var connections: [TCPSocket]
    private var tables: SocketTables?
    private var hasLostConnection = false
    private let input: Int32
    /// Whether standard input was open at the start, so that its end tells something.
    private var isInputTelling: Bool
    private var isFirstLook = true

    /// How long to wait for the next look. Reading the tables takes 2 us for each socket in them; the wait grows with
    /// their number, so that this is 0.5 % of a core at most for up to 15,000.
    private static func interval(afterReading sockets: Int) -> Duration {
        min(.seconds(2) + .microseconds(400) * sockets, .seconds(6))
    }

    /// When to look next, on the monotonic clock; never where there is nothing to look for.
    private(set) var nextLook = Duration.never

    /// Opens what it needs, if there is a session to watch. `input` is the descriptor of its standard input.
    public init(_ session: SSHSession?, input: Int32 = 0) {
        connections = session?.connections ?? []
        self.input = input
        isInputTelling = Self.isOpen(input)
        if connections.isEmpty { return }
        tables = try? SocketTables()
        if tables != nil { nextLook = MonotonicClock.now() + Self.interval(afterReading: 0) }
    }

    /// The socket tables that it reads; -1 for each that it does not need.
    var descriptors: (v4: Int32, v6: Int32) {
        switch tables {
        case .some(let tables): tables.descriptors
        case nil: (-1, -1)
        }
    }

    /// Whether the session may still be there. Sets ``nextLook``.
    func look() -> Bool {
        let isInputOpen = Self.isOpen(input)
        let missing = missingConnections()
        // A client run with </dev/null closes standard input soon after the start, which tells nothing.
        if isFirstLook && missing.isEmpty { isInputTelling = isInputOpen }
        isFirstLook = false
        connections.removeAll { missing.contains($0) }
        hasLostConnection = hasLostConnection || !missing.isEmpty
        let hasLostInput = isInputTelling && !isInputOpen
        return !connections.isEmpty && !(hasLostInput && hasLostConnection)
    }

    /// The connections that are in the tables no more; none where the tables cannot be read. Sets ``nextLook``.
    private func missingConnections() -> [TCPSocket] {
        var missing = connections
        var count = 0
        // A table is read in parts, and a row may be missed when others before it go meanwhile.
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
        nextLook = MonotonicClock.now() + Self.interval(afterReading: count)
        return missing
    }

    /// Whether another process holds the writing end of a pipe, a socket or a terminal, or there is no such end, as of a
    /// file. Takes nothing from it. The corresponding C function is `poll`.
    private static func isOpen(_ input: Int32) -> Bool {
        var entry = pollfd(fd: input, events: Int16(POLLRDHUP), revents: 0)
        return unsafe poll(&entry, 1, 0) <= 0
    }
}

extension TCPSocket {
    /// The state may have changed; an inode number that differs is a later connection from the same port.
    fileprivate func isSameConnection(as other: TCPSocket) -> Bool {
        inode == other.inode && local == other.local && remote == other.remote
    }
}
