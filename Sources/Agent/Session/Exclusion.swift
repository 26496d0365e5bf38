/// What is left out of a capture so that it does not hold the SSH session that carries it.
///
/// Whole ports are left out, not single connections: two captures in two sessions would feed each other.
public struct Exclusion: Equatable {
    /// TCP ports, in the order in which they are named.
    let ports: [UInt16]

    /// The port of the platform's SSH daemon, for where no session is found.
    static let platformPort: UInt16 = 2222

    /// The filter expression that leaves the ports out.
    public var expression: ByteString {
        ports.map { "not tcp port \($0)" }.joined(separator: " and ")
    }

    /// That expression and the user's, so that both hold. The user's may be blank, which selects everything.
    public func combined(with filter: ByteString) -> ByteString {
        filter.isBlank ? expression : "(\(expression)) and (\(filter))"
    }

    /// Logs what is left out of a capture that the user wants filtered by `filter`.
    public func describe(with filter: ByteString, in log: Log) {
        let message: StaticString =
            filter.isBlank
            ? "set filter to avoid capturing SSH session"
            : "adjusted filter to avoid capturing SSH session"
        log.info(message) { $0.add("filter", combined(with: filter)) }
    }

    /// What to leave out of a capture on `interface`; nil where that is not known.
    public static func find(for session: SSHSession?, on interface: Interface, log: Log) -> Exclusion? {
        let instance = instancePorts(log: log)
        let ports = decide(for: session, on: interface.name, instance)
        log.debug("chose ports to exclude") { line in
            line.add("interface", interface.name)
            line.add("ports", (ports ?? []).commaSeparated)
            line.add("daemon_ports_from", session == nil ? "the platform's default" : "the SSH session")
            line.add("proxy_ports_from", instance == nil ? "nothing" : "CF_INSTANCE_PORTS")
        }
        if let ports { return Exclusion(ports: ports) }
        log.warn("failed to determine default filter, capture may include SSH session")
        return nil
    }

    /// On `lo` the daemon's own ports pass. Elsewhere the proxy's pass where there is a proxy, and the daemon's own where
    /// there is none, or a session did not come through it; on `any` all of these. Without a session the port is the
    /// platform's, and elsewhere only the proxy's is sure enough.
    static func decide(for session: SSHSession?, on interface: ByteString, _ instance: InstancePorts?) -> [UInt16]? {
        let own = session?.ports ?? [platformPort]
        let outer = own.flatMap { port in
            let proxy = instance?.proxy(of: port)
            let isReachedDirectly = session.map { proxy == nil || $0.isReachedDirectly(at: port) } ?? false
            return (proxy.map { [$0] } ?? []) + (isReachedDirectly ? [port] : [])
        }
        let ports: [UInt16]
        switch interface {
        case "lo": ports = own
        case "any": ports = own + outer.filter { !own.contains($0) }
        default: ports = outer
        }
        return ports.isEmpty ? nil : ports
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
