import CLinux

/// The SSH session that the agent runs in.
public struct SSHSession: Equatable {
    /// The daemon's command name and process id.
    let daemon: ByteString
    let process: Int
    /// The ports on which the daemon takes sessions.
    let ports: [UInt16]
    /// The daemon's connections. Where one process serves all sessions the agent's is among them, and nothing tells which.
    let connections: [TCPSocket]
    let source: Source
    /// Whether the daemon ignores SIGHUP. The agent has inherited that then, which is no sign of nohup(1).
    var daemonIgnoresHangup = false

    /// Returns whether a capture ends together with this session. A capture into a file goes on, and so does one that was
    /// started by nohup(1), unless the daemon itself ignores SIGHUP. `isStream` tells whether standard output leads to
    /// another process.
    func endsCapture(toStream isStream: Bool) -> Bool {
        isStream && (!Hangup.isIgnored || daemonIgnoresHangup)
    }

    /// What told which connections are the daemon's. The port is the platform's.
    enum Source: ByteString {
        case descriptors = "descriptors"
        case environment = "SSH_CONNECTION"
        case port = "port"
    }

    /// Whether a connection to `port` comes from this host, as all do that come through the proxy, or from another.
    func isReached(at port: UInt16, fromThisHost: Bool) -> Bool {
        connections.contains { $0.local.port == port && $0.isFromThisHost == fromThisHost }
    }

    /// Finds the nearest SSH daemon among the agent's ancestors and its connections. Nil where there is none.
    public static func find(log: Log) -> SSHSession? {
        guard let (process, daemon) = nearestDaemon() else {
            log.debug("no SSH session found") { $0.add("reason", "no SSH daemon among the parent processes") }
            return nil
        }
        let held = ProcessSockets.inodes(of: process)
        let named = environment("SSH_CONNECTION").flatMap { SSHConnection($0) }
        let port = Exclusion.platformPort
        let sockets = SocketTables.sockets {
            $0.isListening || $0.local.port == port || held.contains($0.inode) || named?.isConnection($0) ?? false
        }
        let found =
            select(process, daemon.name, from: sockets, by: .descriptors) { held.contains($0.inode) }
            ?? select(process, daemon.name, from: sockets, by: .environment) { named?.isConnection($0) ?? false }
            ?? select(process, daemon.name, from: sockets, by: .port) { $0.local.port == port }
        guard var session = found else {
            log.debug("no SSH session found") {
                $0.add("daemon", daemon.name)
                $0.add("pid", process)
                $0.add("reason", "neither its descriptors nor SSH_CONNECTION nor port \(port) tell its connections")
            }
            return nil
        }
        session.daemonIgnoresHangup = daemon.ignoresHangup
        session.describe(in: log)
        return session
    }

    private func describe(in log: Log) {
        log.debug("found SSH session") { line in
            line.add("daemon", daemon)
            line.add("pid", process)
            line.add("ports", ports.commaSeparated)
            line.add("connections", connections.map { $0.remote.description }.joined(separator: ","))
            line.add("source", source.rawValue)
        }
    }

    // MARK: The daemon

    /// More generations than any shell needs.
    private static let mostAncestors = 64

    private static func nearestDaemon() -> (process: Int, ProcessStat)? {
        var process = Int(getppid())
        for _ in 0..<mostAncestors where process > 0 {
            guard let text = contents(of: "/proc/\(process)/stat"), let stat = ProcessStat(text) else { return nil }
            if isDaemon(stat.name) { return (process, stat) }
            process = stat.parent
        }
        return nil
    }

    /// `diego-sshd`, OpenSSH's `sshd` and, from 9.8 on, `sshd-session`, `dropbear`.
    static func isDaemon(_ name: ByteString) -> Bool {
        name.hasSuffix("sshd") || name == "sshd-session" || name == "dropbear"
    }

    // MARK: Its connections

    /// The session of a daemon that has the sockets that `isHeld` names. Its connections are those to a port on which some
    /// process listens: a daemon of one process listens itself, and a process for one connection has a parent that listens.
    /// What the daemon connects to for a client (port forwarding) is no session.
    static func select(
        _ process: Int, _ name: ByteString, from sockets: [TCPSocket], by source: Source,
        where isHeld: (TCPSocket) -> Bool
    ) -> SSHSession? {
        let held = sockets.filter { $0.inode != 0 && isHeld($0) }
        let listened = sockets.filter { $0.isListening }.map { $0.local.port }
        let connections = held.filter { $0.isConnected && listened.contains($0.local.port) }
        let holders = connections.isEmpty ? held.filter { $0.isListening } : connections
        guard !holders.isEmpty else { return nil }
        return SSHSession(
            daemon: name, process: process, ports: holders.map { $0.local.port }.distinct, connections: connections,
            source: source)
    }
}
