import CLinux

/// Watches over the connections that the SSH session may be using, through what was opened at its start.
struct SessionWatch: ~Copyable {
    private let connections: [TCPSocket]
    private var lookup: SocketLookup?
    /// In its place where the kernel cannot look a socket up.
    private var tables: Tables?

    /// Milliseconds between looks.
    private static let shortestInterval: Int64 = 2000
    private static let longestInterval: Int64 = 6000
    /// Reading the tables takes as long as they are large, 2 ms and more. Waiting this many times as long keeps it under
    /// 0.1 % of a core.
    private static let thrift: Int64 = 1000

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

    /// Opens what it needs, if there is a session to watch.
    init(_ session: SSHSession?, lookup: consuming SocketLookup? = try? SocketLookup()) {
        connections = session?.connections ?? []
        nextLook = .max
        if connections.isEmpty { return }
        self.lookup = lookup
        // It finds them all now, or is of no use: without its module `tcp_diag` the kernel knows of no socket.
        if !connections.allSatisfy({ self.lookup?.isAlive($0) == true }) {
            self.lookup = nil
            tables = try? Tables()
        }
        if self.lookup != nil || tables != nil { nextLook = MonotonicClock.now() + Self.shortestInterval }
    }

    /// The descriptors through which it looks; -1 for each that it does not need.
    var descriptors: (lookup: Int32, v4: Int32, v6: Int32) {
        mutating get { (lookup?.descriptor ?? -1, tables?.v4?.descriptor ?? -1, tables?.v6?.descriptor ?? -1) }
    }

    /// Whether one of the connections is still there, and sets ``nextLook``. When the kernel does not say they are taken
    /// to be.
    mutating func look() -> Bool {
        let start = MonotonicClock.now()
        if lookup != nil {
            nextLook = start + Self.shortestInterval
            return connections.contains { lookup?.isAlive($0) ?? true }
        }
        // A table is read in parts: a row may be missed when others before it go meanwhile. Not twice.
        let isAlive = isAnyInTables() || isAnyInTables()
        let end = MonotonicClock.now()
        nextLook = end + min(max((end - start) * Self.thrift, Self.shortestInterval), Self.longestInterval)
        return isAlive
    }

    private mutating func isAnyInTables() -> Bool {
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
