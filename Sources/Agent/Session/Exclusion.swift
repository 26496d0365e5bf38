/// The traffic that a capture excludes because it carries the capture: the SSH session, or standard output's
/// connection.
///
/// Excludes whole ports and not single connections. If two sessions capture at once, neither captures the other's
/// packets, which would make both captures grow without end.
public struct Exclusion: Equatable, Sendable {
    /// The TCP ports of the SSH session, in the order of the expression.
    let ports: [UInt16]
    /// The listening end of standard output's connection, or nil if standard output is no TCP connection. Captures that
    /// are sent to the same listener share this end.
    var outputEnd: Endpoint?

    /// The port of the platform's SSH daemon. It is excluded if no session is found. It is also the last kind of
    /// evidence for the connections of a daemon that is found (``SSHSession``).
    static let platformPort: UInt16 = 2222

    /// The filter expression that excludes the traffic.
    ///
    /// Excludes packets of ``ports`` in both directions, and packets to and from ``outputEnd``. Does not exclude
    /// connections from the host of ``outputEnd`` to a port of the same number on this host.
    var expression: ByteString {
        var terms: [ByteString] = ports.map { "not tcp port \($0)" }
        if let end = outputEnd {
            for direction: ByteString in ["src", "dst"] {
                terms.append("not (\(direction) host \(end.address) and tcp \(direction) port \(end.port))")
            }
        }
        return terms.joined(separator: " and ")
    }

    /// The name of the traffic, for messages.
    var carrier: ByteString {
        if ports.isEmpty { return "its own output" }
        return outputEnd == nil ? "the SSH session" : "the SSH session and its own output"
    }

    /// Returns the expression for packets that the user's filter selects and that are not excluded.
    ///
    /// - Parameter filter: The user's filter. A blank one selects all packets.
    func combined(with filter: ByteString) -> ByteString {
        filter.isBlank ? expression : "(\(expression)) and (\(filter))"
    }

    /// Logs the combined expression. Names the SSH session alone if both are excluded, because
    /// ``find(for:output:on:log:)`` has logged the output's connection.
    func report(with filter: ByteString, to log: Log) {
        let verb: ByteString = filter.isBlank ? "set" : "adjusted"
        let traffic: ByteString = ports.isEmpty ? "its own output" : "SSH session"
        log.info("\(verb) filter to avoid capturing \(traffic)") { $0.add("filter", combined(with: filter)) }
    }

    /// Finds the traffic to exclude.
    ///
    /// Reads `CF_INSTANCE_PORTS`. Logs a warning if the capture may include the session's packets.
    ///
    /// - Parameters:
    ///   - session: The agent's SSH session, or nil if none was found.
    ///   - output: Standard output's connection, or nil if standard output is none.
    ///   - interface: The interface of the capture.
    ///   - log: The log.
    /// - Returns: The traffic, or nil if none is known.
    public static func find(
        for session: SSHSession?, output: OutputConnection? = nil, on interface: Interface, log: Log
    ) -> Exclusion? {
        let instance = instancePorts(log: log)
        let choice = choosePorts(for: session, on: interface, instance)
        log.debug("chose ports to exclude") { line in
            line.add("interface", interface.name)
            line.add("ports", choice.ports.commaSeparated)
            line.add("daemon_ports_from", session == nil ? "the platform's default" : "the SSH session")
            line.add("proxy_ports_from", instance == nil ? "nothing" : "CF_INSTANCE_PORTS")
        }
        if !choice.leavesOutEverySession {
            log.warn("failed to determine default filter, capture may include SSH session") {
                $0.add(
                    "hint",
                    """
                    -filter 'not tcp port PORT' leaves it out, where PORT is the one through which SSH enters the \
                    container: usually 61002 with the platform's proxy, 2222 without
                    """)
            }
        }
        output?.report(to: log)
        if choice.ports.isEmpty && output == nil { return nil }
        return Exclusion(ports: choice.ports, outputEnd: output?.sharedEnd)
    }

    /// The ports to exclude.
    struct Choice: Equatable {
        /// The ports, each once.
        var ports: [UInt16]
        /// Whether every SSH session of the container is excluded. False if a session comes through a proxy whose port
        /// is unknown.
        var leavesOutEverySession: Bool
    }

    /// Chooses the ports to exclude.
    ///
    /// Excludes the daemon's ports on `lo`, and the proxy's ports on any other interface. Also excludes a daemon's port
    /// if a session on another interface reaches it without the proxy. Excludes all of these on `any`. Without a
    /// session, the daemon's port is ``platformPort``.
    ///
    /// - Parameters:
    ///   - session: The agent's SSH session, or nil if none was found.
    ///   - interface: The interface of the capture.
    ///   - instance: The instance's ports, or nil if they are unknown.
    static func choosePorts(
        for session: SSHSession?, on interface: Interface, _ instance: InstancePorts?
    ) -> Choice {
        let daemonPorts = session?.ports ?? [platformPort]
        if interface.isLoopback { return Choice(ports: daemonPorts, leavesOutEverySession: true) }
        var choice = Choice(ports: interface.isAny ? daemonPorts : [], leavesOutEverySession: true)
        for port in daemonPorts {
            let proxyPort = instance?.proxyPort(for: port)
            let isBehindProxy = session?.isReached(at: port, fromThisHost: true) ?? true
            let isReachedDirectly = session?.isReached(at: port, fromThisHost: false) ?? false
            if proxyPort == nil && isBehindProxy { choice.leavesOutEverySession = false }
            if let proxyPort { choice.ports.append(proxyPort) }
            if isReachedDirectly || proxyPort == nil && !isBehindProxy { choice.ports.append(port) }
        }
        choice.ports = choice.ports.distinct
        return choice
    }

    /// Reads `CF_INSTANCE_PORTS`. Returns nil if the variable is not set or, with a warning, if it is malformed.
    private static func instancePorts(log: Log) -> InstancePorts? {
        guard let text = environment("CF_INSTANCE_PORTS"), !text.isEmpty else { return nil }
        do {
            return try InstancePorts(text)
        } catch {
            log.warn("failed to parse CF_INSTANCE_PORTS") { $0.add("error", error.description) }
            return nil
        }
    }
}
