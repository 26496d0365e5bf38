/// What is left out of a capture so that it does not hold the SSH session that carries it.
///
/// Whole ports are left out, not single connections: two captures in two sessions would feed each other.
public struct Exclusion: Equatable {
    /// TCP ports, in the order in which they are named.
    let ports: [UInt16]

    /// The port of the platform's SSH daemon, for where no session is found.
    static let platformPort: UInt16 = 2222

    /// The filter expression that leaves the ports out.
    public var expression: ByteString { ports.map { "not tcp port \($0)" }.joined(separator: " and ") }

    /// That expression and the user's, so that both hold. The user's may be blank, which selects everything.
    public func combined(with filter: ByteString) -> ByteString {
        filter.isBlank ? expression : "(\(expression)) and (\(filter))"
    }

    /// Logs what is left out of a capture that the user wants filtered by `filter`.
    public func describe(with filter: ByteString, in log: Log) {
        let message: ByteString =
            filter.isBlank
            ? "set filter to avoid capturing SSH session"
            : "adjusted filter to avoid capturing SSH session"
        log.info(message) { $0.add("filter", combined(with: filter)) }
    }

    /// What to leave out of a capture on the interface of that name; nil where nothing is known. Warns where that may not be all.
    public static func find(for session: SSHSession?, on interface: ByteString, log: Log) -> Exclusion? {
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
        return ports.isEmpty ? nil : Exclusion(ports: ports)
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
