/// The traffic that a capture leaves out because it carries the capture itself: the SSH session, or the TCP connection on
/// standard output.
///
/// Whole ports are left out, not single connections: two captures in two sessions would feed each other.
public struct Exclusion: Equatable {
    /// The TCP ports of the SSH session, in the order in which the expression names them.
    let ports: [UInt16]
    /// The listening end of standard output's connection, which captures that are sent there have in common; nil if
    /// standard output is no connection.
    var outputEnd: Endpoint?

    /// The port of the platform's SSH daemon, which counts as the daemon's if no session is found.
    static let platformPort: UInt16 = 2222

    /// The filter expression that leaves out the ports, and packets to and from the output's end. A connection from that
    /// host to the same port of this one stays in.
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
        switch (hasSession: !ports.isEmpty, hasOutput: outputEnd != nil) {
        case (false, _): "its own output"
        case (true, false): "the SSH session"
        case (true, true): "the SSH session and its own output"
        }
    }

    /// Returns the expression that selects what both this one and the user's select. A blank `filter` selects everything.
    func combined(with filter: ByteString) -> ByteString {
        filter.isBlank ? expression : "(\(expression)) and (\(filter))"
    }

    /// Logs the expression that is used in place of the user's.
    func describe(with filter: ByteString, in log: Log) {
        let verb: ByteString = filter.isBlank ? "set" : "adjusted"
        let traffic: ByteString = ports.isEmpty ? "its own output" : "SSH session"
        log.info("\(verb) filter to avoid capturing \(traffic)") { $0.add("filter", combined(with: filter)) }
    }

    /// Finds the traffic to leave out of a capture on `interface`, whose standard output is `output` if that is a
    /// connection. Returns nil if no such traffic is known. Logs a warning if the capture may include a session all the
    /// same. Reads `CF_INSTANCE_PORTS`.
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
        output?.describe(in: log)
        if choice.ports.isEmpty && output == nil { return nil }
        return Exclusion(ports: choice.ports, outputEnd: output?.sharedEnd)
    }

    /// A choice of ports to leave out.
    struct Choice: Equatable {
        /// The ports, each once.
        var ports: [UInt16]
        /// Whether the ports are those of every session. False if one comes, or may come, through a proxy whose port nothing
        /// names.
        var leavesOutEverySession: Bool
    }

    /// Chooses the ports to leave out. On `lo` these are the daemon's own; on other interfaces the proxy's, and the daemon's
    /// own if a session bypasses the proxy; on `any` all of these. Without a session the daemon's port is the platform's.
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
