import CLinux

/// The SSH session in which the agent runs.
public struct SSHSession: Equatable {
    /// The daemon's command name.
    let daemon: ByteString
    /// The daemon's process id.
    let pid: Int
    /// The ports on which the daemon accepts sessions.
    let ports: [UInt16]
    /// The daemon's connections. If one process serves all sessions, the agent's is among them, and nothing tells which.
    let connections: [TCPSocket]
    /// The evidence by which the connections are known to be the daemon's.
    let source: Source
    /// Whether the daemon ignores SIGHUP. The agent has then inherited that, and it is no sign of nohup(1).
    var daemonIgnoresHangup = false

    /// Evidence that a connection is a daemon's.
    enum Source: ByteString {
        /// The daemon holds the socket, as its descriptors show.
        case descriptors = "descriptors"
        /// The variable `SSH_CONNECTION` (ssh(1)) names the connection.
        case environment = "SSH_CONNECTION"
        /// The connection's port is the platform's SSH port.
        case port = "port"
    }

    /// Returns whether a capture ends together with this session. A capture into a file goes on, and so does one that was
    /// started by nohup(1), unless the daemon itself ignores SIGHUP. `isStream` tells whether standard output leads to
    /// another process.
    func endsCapture(toStream isStream: Bool) -> Bool {
        isStream && (!Hangup.isIgnored || daemonIgnoresHangup)
    }

    /// Returns whether a connection to `port` comes from this host, as through the proxy, or else from another host.
    func isReached(at port: UInt16, fromThisHost: Bool) -> Bool {
        connections.contains { $0.local.port == port && $0.isFromThisHost == fromThisHost }
    }

    fileprivate func describe(in log: Log) {
        log.debug("found SSH session") { line in
            line.add("daemon", daemon)
            line.add("pid", pid)
            line.add("ports", ports.commaSeparated)
            line.add("connections", connections.map { $0.remote.description }.joined(separator: ","))
            line.add("source", source.rawValue)
        }
    }
}

// MARK: Finding it

extension SSHSession {
    /// Finds the nearest SSH daemon among the agent's ancestors, and its connections. Returns nil if there is no daemon, or
    /// nothing tells its connections. Reads `/proc` and `SSH_CONNECTION`.
    public static func find(log: Log) -> SSHSession? {
        guard let daemon = nearestDaemon() else {
            log.debug("no SSH session found") { $0.add("reason", "no SSH daemon among the parent processes") }
            return nil
        }
        guard var session = find(of: daemon) else {
            log.debug("no SSH session found") { line in
                line.add("daemon", daemon.status.name)
                line.add("pid", daemon.pid)
                let port = Exclusion.platformPort
                line.add("reason", "neither its descriptors nor SSH_CONNECTION nor port \(port) tell its connections")
            }
            return nil
        }
        session.daemonIgnoresHangup = daemon.status.ignoresHangup
        session.describe(in: log)
        return session
    }

    /// Tries the kinds of evidence one after the other, the surest first.
    private static func find(of daemon: Daemon) -> SSHSession? {
        let held = ProcessSockets.inodes(of: daemon.pid)
        let named = environment("SSH_CONNECTION").flatMap { SSHConnection($0) }
        let port = Exclusion.platformPort
        let sockets = SocketTables.sockets {
            $0.isListening || $0.local.port == port || held.contains($0.inode) || named?.isConnection($0) ?? false
        }
        let (pid, name) = (daemon.pid, daemon.status.name)
        return select(pid, name, from: sockets, by: .descriptors) { held.contains($0.inode) }
            ?? select(pid, name, from: sockets, by: .environment) { named?.isConnection($0) ?? false }
            ?? select(pid, name, from: sockets, by: .port) { $0.local.port == port }
    }

    // MARK: The daemon

    /// An SSH daemon among the agent's ancestors.
    private struct Daemon {
        let pid: Int
        let status: ProcessStat
    }

    /// The number of ancestors that are examined: more than any shell needs.
    private static let ancestorLimit = 64

    private static func nearestDaemon() -> Daemon? {
        var pid = Int(getppid())
        for _ in 0..<ancestorLimit where pid > 0 {
            guard let text = contents(of: "/proc/\(pid)/stat"), let status = ProcessStat(text) else { return nil }
            if isDaemon(status.name) { return Daemon(pid: pid, status: status) }
            pid = status.parent
        }
        return nil
    }

    /// Returns whether a command of that name is an SSH daemon: `diego-sshd`, OpenSSH's `sshd` and, from 9.8 on,
    /// `sshd-session`, or `dropbear`.
    static func isDaemon(_ name: ByteString) -> Bool {
        name.hasSuffix("sshd") || name == "sshd-session" || name == "dropbear"
    }

    // MARK: Its connections

    /// Returns the session of a daemon to which those sockets belong that `isHeld` accepts; nil if it has none. Its
    /// connections are those to a port on which some process listens: a daemon of one process listens itself, and a
    /// process for one connection has a parent that listens. A connection that the daemon has opened for a client (port
    /// forwarding) is none of them.
    static func select(
        _ pid: Int, _ name: ByteString, from sockets: [TCPSocket], by source: Source,
        where isHeld: (TCPSocket) -> Bool
    ) -> SSHSession? {
        let held = sockets.filter { $0.inode != 0 && isHeld($0) }
        let listened = sockets.filter { $0.isListening }.map { $0.local.port }
        let connections = held.filter { $0.isConnected && listened.contains($0.local.port) }
        let holders = connections.isEmpty ? held.filter { $0.isListening } : connections
        guard !holders.isEmpty else { return nil }
        return SSHSession(
            daemon: name, pid: pid, ports: holders.map { $0.local.port }.distinct, connections: connections,
            source: source)
    }
}
