import CLinux

/// The SSH session in which the agent runs.
public struct SSHSession: Equatable {
    /// The command name of the SSH daemon.
    let daemon: ByteString
    /// The process id of the SSH daemon.
    let pid: Int
    /// The ports on which the daemon accepts sessions.
    let ports: [UInt16]
    /// The daemon's connections. If one process serves all sessions, they include those of other sessions, and the
    /// agent cannot tell which is its own.
    let connections: [TCPSocket]
    /// The evidence for ``connections``.
    let evidence: Evidence
    /// Whether the daemon ignores SIGHUP. The agent then ignores SIGHUP even without nohup(1), so that nohup(1) cannot
    /// be recognized.
    var daemonIgnoresHangup = false

    /// The evidence that a connection belongs to a daemon.
    enum Evidence: ByteString {
        /// The daemon has a descriptor of the socket.
        case descriptors = "descriptors"
        /// The variable `SSH_CONNECTION` names the connection (ssh(1)).
        case environment = "SSH_CONNECTION"
        /// The connection's port is ``Exclusion/platformPort``.
        case port = "port"
    }

    /// Returns whether the end of this session ends a capture.
    ///
    /// A capture into a file continues after the session. A capture that nohup(1) has started continues, too. It is
    /// recognized if the process ignores SIGHUP and the daemon does not.
    ///
    /// - Parameter isStream: Whether standard output leads to another process.
    func endsCapture(toStream isStream: Bool) -> Bool {
        isStream && (!Hangup.isIgnored || daemonIgnoresHangup)
    }

    /// Returns whether the session has a connection to `port` from this host, as through the proxy, or from another
    /// host.
    func isReached(at port: UInt16, fromThisHost: Bool) -> Bool {
        connections.contains { $0.local.port == port && $0.isFromThisHost == fromThisHost }
    }

    /// Logs the session, if the log is verbose.
    fileprivate func report(to log: Log) {
        log.debug("found SSH session") { line in
            line.add("daemon", daemon)
            line.add("pid", pid)
            line.add("ports", ports.commaSeparated)
            line.add("connections", connections.map { $0.remote.description }.joined(separator: ","))
            line.add("source", evidence.rawValue)
        }
    }
}

// MARK: Finding the session

extension SSHSession {
    /// Finds the agent's SSH session.
    ///
    /// Searches the agent's ancestors for the nearest SSH daemon, and the socket tables for the daemon's connections.
    /// Reads `/proc` and `SSH_CONNECTION`.
    ///
    /// - Returns: The session, or nil if there is no daemon or no evidence for its connections.
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
        session.report(to: log)
        return session
    }

    /// Searches for the connections of a daemon by each kind of evidence, the most reliable first.
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

    /// The number of ancestors to examine.
    private static let ancestorLimit = 64

    /// Returns the nearest SSH daemon among the agent's ancestors, or nil if there is none.
    private static func nearestDaemon() -> Daemon? {
        var pid = Int(getppid())
        for _ in 0..<ancestorLimit where pid > 0 {
            guard let text = contents(of: "/proc/\(pid)/stat"), let status = ProcessStat(text) else { return nil }
            if isDaemon(status.name) { return Daemon(pid: pid, status: status) }
            pid = status.parent
        }
        return nil
    }

    /// Returns whether a command name is that of an SSH daemon: `diego-sshd`, OpenSSH's `sshd` and, from version 9.8,
    /// `sshd-session`, or `dropbear`.
    static func isDaemon(_ name: ByteString) -> Bool {
        name.hasSuffix("sshd") || name == "sshd-session" || name == "dropbear"
    }

    // MARK: The daemon's connections

    /// Returns the session of a daemon, or nil if the evidence does not show that any of `sockets` belongs to it.
    ///
    /// The session's connections are those whose port has a listening socket, of whichever process: a daemon that
    /// serves all sessions listens itself, and a process that serves one session has a parent that listens. This leaves
    /// out connections that the daemon has opened for a client (port forwarding).
    ///
    /// - Parameters:
    ///   - pid: The daemon's process id.
    ///   - name: The daemon's command name.
    ///   - sockets: The sockets of the tables.
    ///   - evidence: The kind of evidence.
    ///   - belongsToDaemon: Returns whether a socket belongs to the daemon by this evidence.
    static func select(
        _ pid: Int, _ name: ByteString, from sockets: [TCPSocket], by evidence: Evidence,
        where belongsToDaemon: (TCPSocket) -> Bool
    ) -> SSHSession? {
        let own = sockets.filter { $0.inode != 0 && belongsToDaemon($0) }
        let listened = sockets.filter { $0.isListening }.map { $0.local.port }
        let connections = own.filter { $0.isConnected && listened.contains($0.local.port) }
        let accepting = connections.isEmpty ? own.filter { $0.isListening } : connections
        guard !accepting.isEmpty else { return nil }
        return SSHSession(
            daemon: name, pid: pid, ports: accepting.map { $0.local.port }.distinct, connections: connections,
            evidence: evidence)
    }
}
