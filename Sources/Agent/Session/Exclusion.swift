/// The part of the traffic that a capture leaves out, because it carries the capture itself: the SSH session, or the TCP
/// connection on standard output.
///
/// Leaves out whole ports, not single connections: two captures in two sessions would feed each other.
public struct Exclusion: Equatable {
    /// TCP ports of the SSH session, in the order in which they are named.
    let ports: [UInt16]
    /// The end of standard output's connection that the connections of other captures share; nil where it is none.
    var outputEnd: Endpoint?

    /// The port of the platform's SSH daemon, for where no session is found.
    static let platformPort: UInt16 = 2222

    /// The filter expression that leaves out the ports, and whatever goes to or comes from the output's end. A connection
    /// from that host to the same port of this one stays in.
    public var expression: ByteString {
        var terms: [ByteString] = ports.map { "not tcp port \($0)" }
        if let end = outputEnd {
            for direction: ByteString in ["src", "dst"] {
                terms.append("not (\(direction) host \(end.address) and tcp \(direction) port \(end.port))")
            }
        }
        return terms.joined(separator: " and ")
    }

    /// The name of what is left out.
    var carrier: ByteString {
        switch (hasSession: !ports.isEmpty, hasOutput: outputEnd != nil) {
        case (false, _): "its own output"
        case (true, false): "the SSH session"
        case (true, true): "the SSH session and its own output"
        }
    }

    /// That expression and the user's, so that both hold. The user's may be blank, which selects everything.
    public func combined(with filter: ByteString) -> ByteString {
        filter.isBlank ? expression : "(\(expression)) and (\(filter))"
    }

    /// Logs what is left out of a capture that the user wants filtered by `filter`.
    public func describe(with filter: ByteString, in log: Log) {
        let message: ByteString =
            switch (isAdjusted: !filter.isBlank, hasSession: !ports.isEmpty) {
            case (false, true): "set filter to avoid capturing SSH session"
            case (true, true): "adjusted filter to avoid capturing SSH session"
            case (false, false): "set filter to avoid capturing its own output"
            case (true, false): "adjusted filter to avoid capturing its own output"
            }
        log.info(message) { $0.add("filter", combined(with: filter)) }
    }

    /// Decides what to leave out of a capture on the interface of that name to `output`. Returns nil where nothing is
    /// known to carry it. Warns where that may not be all.
    public static func find(
        for session: SSHSession?, output: OutputConnection? = nil, on interface: ByteString, log: Log
    ) -> Exclusion? {
        let instance = instancePorts(log: log)
        let (ports, isComplete) = decide(for: session, on: interface, instance)
        log.debug("chose ports to exclude") { line in
            line.add("interface", interface)
            line.add("ports", ports.commaSeparated)
            line.add("daemon_ports_from", session == nil ? "the platform's default" : "the SSH session")
            line.add("proxy_ports_from", instance == nil ? "nothing" : "CF_INSTANCE_PORTS")
        }
        if !isComplete {
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
        return ports.isEmpty && output == nil ? nil : Exclusion(ports: ports, outputEnd: output?.sharedEnd)
    }

    /// The ports to leave out. On `lo` the daemon's own; elsewhere the proxy's, and the daemon's own where a session does
    /// not come through the proxy; on `any` all of these. Without a session the daemon's port is the platform's.
    /// `isComplete` is false where a session comes, or may come, through a proxy whose port nothing names.
    static func decide(
        for session: SSHSession?, on interface: ByteString, _ instance: InstancePorts?
    ) -> (ports: [UInt16], isComplete: Bool) {
        let own = session?.ports ?? [platformPort]
        if interface == "lo" { return (own, true) }
        var ports = interface == "any" ? own : []
        var isComplete = true
        for port in own {
            let proxy = instance?.proxy(of: port)
            let isBehindProxy = session?.isReached(at: port, fromThisHost: true) ?? true
            let isReachedDirectly = session?.isReached(at: port, fromThisHost: false) ?? false
            if proxy == nil && isBehindProxy { isComplete = false }
            if let proxy { ports.append(proxy) }
            if isReachedDirectly || proxy == nil && !isBehindProxy { ports.append(port) }
        }
        return (ports.distinct, isComplete)
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
