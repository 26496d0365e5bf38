import CLinux

/// Watches over the connections that the SSH session may be using, through what was opened at its start.
struct SessionWatch: ~Copyable {
    private let connections: [TCPSocket]
    private var tables: Tables?

    /// A look costs as much as the kernel's table of sockets is large, 2 ms and more. Waiting this many times as long
    /// keeps it under 0.1 % of a core.
    private static let thrift: Int64 = 1000
    private static let shortestInterval: Int64 = 2000  // milliseconds
    private static let longestInterval: Int64 = 6000

    /// When to look next, on the monotonic clock, in milliseconds; `.max` where there is nothing to look for.
    private(set) var nextLook: Int64

    private struct Tables: ~Copyable {
        var v4: SocketTableFile?
        var v6: SocketTableFile?

        init() throws(SystemError) {
            v4 = try Self.open(.v4)
            v6 = try Self.open(.v6)
        }

        /// Nil where the kernel does not know the family at all.
        private static func open(_ family: SocketTableFile.Family) throws(SystemError) -> SocketTableFile? {
            do {
                return try SocketTableFile(family)
            } catch  where error.number == ENOENT {
                return nil
            }
        }
    }

    /// Opens the tables, if there is a session to watch.
    init(_ session: SSHSession?) {
        connections = session?.connections ?? []
        tables = connections.isEmpty ? nil : try? Tables()
        nextLook = tables == nil ? .max : MonotonicClock.now() + Self.shortestInterval
    }

    /// Whether one of the connections is still there, and sets ``nextLook``. When the tables cannot be read they are
    /// taken to be.
    mutating func look() -> Bool {
        let start = MonotonicClock.now()
        // A table is read in parts: a row may be missed when others before it go meanwhile. Not twice.
        let isAlive = isAnyAlive() || isAnyAlive()
        let end = MonotonicClock.now()
        nextLook = end + min(max((end - start) * Self.thrift, Self.shortestInterval), Self.longestInterval)
        return isAlive
    }

    private mutating func isAnyAlive() -> Bool {
        var isAlive = false
        let connections = connections
        func note(_ socket: TCPSocket) {
            if socket.isConnected, connections.contains(where: { $0.isSameConnection(as: socket) }) { isAlive = true }
        }
        do {
            try tables?.v4?.readAll(note)
            try tables?.v6?.readAll(note)
        } catch {
            return true
        }
        return isAlive
    }
}

extension TCPSocket {
    /// The state may have changed; an inode number that differs is a later connection from the same port.
    fileprivate func isSameConnection(as other: TCPSocket) -> Bool {
        inode == other.inode && local == other.local && remote == other.remote
    }
}
