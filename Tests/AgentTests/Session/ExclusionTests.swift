import Testing

@testable import Agent

@Suite("An exclusion")
struct ExclusionTests {
    /// The platform's description of the ports of a container with Envoy.
    private static let withProxy = """
        [{"external":61012,"internal":8080,"external_tls_proxy":61014,"internal_tls_proxy":61001},
         {"external":61013,"internal":2222,"external_tls_proxy":61015,"internal_tls_proxy":61002}]
        """
    private static let withoutProxy = #"[{"external":61012,"internal":8080},{"external":61013,"internal":2222}]"#
    private static let otherPort =
        #"[{"internal":2222,"internal_tls_proxy":61002},{"internal":2322,"internal_tls_proxy":61003}]"#

    /// Returns `lo`, `any`, or another interface of that name, which this machine need not have.
    private static func interface(_ name: String) throws -> Interface {
        switch name {
        case "lo", "any": try Interface(ByteString(text: name))
        default: Interface(name: ByteString(text: name), index: 4711)
        }
    }

    private static func session(_ ports: [UInt16]) -> SSHSession {
        SSHSession(daemon: "diego-sshd", pid: 1, ports: ports, connections: [], evidence: .descriptors)
    }

    @Test(
        arguments: [
            // A session on 2222 behind a proxy.
            ("lo", [2222], withProxy, [2222], true), ("eth0", [2222], withProxy, [61002], true),
            ("any", [2222], withProxy, [2222, 61002], true), ("eth1", [2222], withProxy, [61002], true),
            // The same without a proxy: its key is missing, its port is 0, or the ports are not described.
            ("lo", [2222], withoutProxy, [2222], true), ("eth0", [2222], withoutProxy, [2222], true),
            ("any", [2222], withoutProxy, [2222], true),
            ("eth0", [2222], #"[{"internal":2222,"internal_tls_proxy":0}]"#, [2222], true),
            ("any", [2222], #"[{"internal":2222,"internal_tls_proxy":0}]"#, [2222], true),
            ("lo", [2222], nil, [2222], true), ("eth0", [2222], nil, [2222], true),
            ("any", [2222], nil, [2222], true),
            // The daemon listens on another port.
            ("lo", [2322], withProxy, [2322], true), ("eth0", [2322], withProxy, [2322], true),
            ("any", [2322], withProxy, [2322], true),
            ("lo", [2322], otherPort, [2322], true), ("eth0", [2322], otherPort, [61003], true),
            ("any", [2322], otherPort, [2322, 61003], true),
            // The daemon listens on two ports.
            ("lo", [2222, 2322], otherPort, [2222, 2322], true),
            ("eth0", [2222, 2322], otherPort, [61002, 61003], true),
            ("any", [2222, 2322], otherPort, [2222, 2322, 61002, 61003], true),
            ("eth0", [2222, 2322], withProxy, [61002, 2322], true),
            ("any", [2222, 2322], withProxy, [2222, 2322, 61002], true),
            // No session is found: the daemon's port is the platform's, and sessions come through the proxy.
            ("lo", nil, withProxy, [2222], true), ("eth0", nil, withProxy, [61002], true),
            ("any", nil, withProxy, [2222, 61002], true),
            ("lo", nil, nil, [2222], true), ("lo", nil, withoutProxy, [2222], true),
            ("eth0", nil, withoutProxy, [], false), ("eth0", nil, nil, [], false), ("eth0", nil, "[]", [], false),
            ("any", nil, nil, [2222], false), ("any", nil, withoutProxy, [2222], false),
        ] as [(String, [UInt16]?, String?, [UInt16], Bool)])
    func `has the daemon's port on lo, the proxy's on other interfaces, and both on any`(
        _ interface: String, _ daemonPorts: [UInt16]?, _ instance: String?, _ ports: [UInt16],
        _ leavesOutEverySession: Bool
    ) throws {
        let choice = Exclusion.choosePorts(
            for: daemonPorts.map(Self.session), on: try Self.interface(interface),
            try instance.map { try InstancePorts(ByteString(text: $0)) })
        #expect(choice == Exclusion.Choice(ports: ports, leavesOutEverySession: leavesOutEverySession))
    }

    private static let here = "10.77.0.2"

    /// Returns a session with a connection from each peer to port 2222. The local address is the peer's if that is a
    /// loopback address, otherwise 10.77.0.2.
    private static func session(from peers: [String]) throws -> SSHSession {
        let connections = try peers.map { peer in
            let local = peer == "::1" || peer.hasPrefix("127.") ? peer : here
            return TCPSocket(
                local: try #require(Endpoint(address: local.utf8, port: "2222".utf8)),
                remote: try #require(Endpoint(address: peer.utf8, port: "40000".utf8)), state: 1, inode: 1)
        }
        return SSHSession(
            daemon: "diego-sshd", pid: 1, ports: [2222], connections: connections, evidence: .descriptors)
    }

    @Test(
        arguments: [
            // The session bypasses the proxy.
            (["10.77.0.1"], withProxy, "eth0", [61002, 2222], true),
            (["2001:db8::1"], withProxy, "eth0", [61002, 2222], true),
            (["10.77.0.1"], withProxy, "any", [2222, 61002], true), (["10.77.0.1"], withProxy, "lo", [2222], true),
            (["10.77.0.1"], nil, "eth0", [2222], true), (["10.77.0.1"], nil, "any", [2222], true),
            // The session comes through the proxy.
            (["127.0.0.1"], withProxy, "eth0", [61002], true), (["127.1.2.3"], withProxy, "eth0", [61002], true),
            (["::1"], withProxy, "eth0", [61002], true), ([here], withProxy, "eth0", [61002], true),
            // The session comes through a proxy whose port is unknown.
            (["127.0.0.1"], nil, "eth0", [], false), (["::1"], nil, "eth0", [], false),
            ([here], nil, "eth0", [], false),
            (["127.0.0.1"], withoutProxy, "eth0", [], false), (["127.0.0.1"], nil, "any", [2222], false),
            (["127.0.0.1"], nil, "lo", [2222], true),
            // One session comes through the proxy and one bypasses it, and the agent's may be either.
            (["10.77.0.1", "127.0.0.1"], withProxy, "eth0", [61002, 2222], true),
            (["10.77.0.1", "127.0.0.1"], nil, "eth0", [2222], false),
        ] as [([String], String?, String, [UInt16], Bool)])
    func `has the daemon's port if a session bypasses the proxy, and is incomplete behind an unknown proxy`(
        _ peers: [String], _ instance: String?, _ interface: String, _ ports: [UInt16], _ leavesOutEverySession: Bool
    ) throws {
        let choice = Exclusion.choosePorts(
            for: try Self.session(from: peers), on: try Self.interface(interface),
            try instance.map { try InstancePorts(ByteString(text: $0)) })
        #expect(choice == Exclusion.Choice(ports: ports, leavesOutEverySession: leavesOutEverySession))
    }

    @Test(
        arguments: [
            ([2222], "", "not tcp port 2222", "set"),
            ([2222, 61002], "", "not tcp port 2222 and not tcp port 61002", "set"),
            ([2222], "port 8080", "(not tcp port 2222) and (port 8080)", "adjusted"),
            (
                [2222, 61002], "udp or icmp", "(not tcp port 2222 and not tcp port 61002) and (udp or icmp)", "adjusted"
            ),
        ] as [([UInt16], String, String, String)])
    func `is logged in one expression with the user's`(
        _ ports: [UInt16], _ filter: String, _ combined: String, _ verb: String
    ) throws {
        let exclusion = Exclusion(ports: ports)
        #expect(exclusion.combined(with: ByteString(text: filter)).text == combined)
        let lines = try logged { exclusion.report(with: ByteString(text: filter), to: $0) }
        #expect(lines == [#"level=INFO msg="\#(verb) filter to avoid capturing SSH session" filter="\#(combined)""#])
    }

    private static let collector = Endpoint(v4: 0x0A4D_0001, port: 9000)

    @Test(
        arguments: [
            (
                [], collector, "",
                "not (src host 10.77.0.1 and tcp src port 9000) and not (dst host 10.77.0.1 and tcp dst port 9000)",
                "set filter to avoid capturing its own output"
            ),
            (
                [], collector, "udp",
                """
                (not (src host 10.77.0.1 and tcp src port 9000) and not (dst host 10.77.0.1 and tcp dst port 9000)) \
                and (udp)
                """,
                "adjusted filter to avoid capturing its own output"
            ),
            (
                [2222], Endpoint(high: 0x2001_0DB8 << 32, low: 1, port: 9000), "",
                """
                not tcp port 2222 and not (src host 2001:db8::1 and tcp src port 9000) and \
                not (dst host 2001:db8::1 and tcp dst port 9000)
                """,
                "set filter to avoid capturing SSH session"
            ),
        ] as [([UInt16], Endpoint, String, String, String)])
    func `has the shared end of the connection on standard output`(
        _ ports: [UInt16], _ end: Endpoint, _ filter: String, _ combined: String, _ message: String
    ) throws {
        let exclusion = Exclusion(ports: ports, outputEnd: end)
        #expect(exclusion.combined(with: ByteString(text: filter)).text == combined)
        let lines = try logged { exclusion.report(with: ByteString(text: filter), to: $0) }
        #expect(lines == [#"level=INFO msg="\#(message)" filter="\#(combined)""#])
        _ = try FilterHandle().compile(ByteString(text: combined))
    }

    @Test(
        arguments: [
            ([2222], nil, "the SSH session"), ([], collector, "its own output"),
            ([2222], collector, "the SSH session and its own output"),
        ] as [([UInt16], Endpoint?, String)])
    func `has a name`(_ ports: [UInt16], _ end: Endpoint?, _ name: String) {
        #expect(Exclusion(ports: ports, outputEnd: end).carrier.text == name)
    }

    @Test(arguments: [("eth0", nil), ("any", "not tcp port 2222")] as [(String, String?)])
    func `is logged as incomplete, with the filter that helps`(_ interface: String, _ expression: String?) async {
        await #expect(processExitsWith: .success) { [interface, expression] in
            setVariable("CF_INSTANCE_PORTS", to: nil)
            let interface = try Self.interface(interface)
            var exclusion: Exclusion?
            let lines = try logged { exclusion = .find(for: nil, on: interface, log: $0) }
            #expect(exclusion?.expression.text == expression)
            #expect(lines.count == 1)
            let start = #"level=WARN msg="failed to determine default filter, capture may include SSH session" hint="#
            #expect(lines[0].hasPrefix(start + "\"-filter 'not tcp port PORT' "))
        }
    }

    /// Each case runs in its own process, because it changes the environment.
    @Test(
        arguments: [
            (nil, "lo", "not tcp port 2222", nil), ("", "lo", "not tcp port 2222", nil),
            (withProxy, "lo", "not tcp port 2222", nil),
            (withProxy, "any", "not tcp port 2222 and not tcp port 61002", nil),
            (
                "not JSON", "lo", "not tcp port 2222",
                #"level=WARN msg="failed to parse CF_INSTANCE_PORTS" error="unexpected text at byte 0""#
            ),
            (
                "{}", "lo", "not tcp port 2222",
                #"level=WARN msg="failed to parse CF_INSTANCE_PORTS" error="unexpected text at byte 0""#
            ),
        ] as [(String?, String, String, String?)])
    func `is found from CF_INSTANCE_PORTS`(
        _ value: String?, _ interface: String, _ expression: String, _ line: String?
    ) async {
        await #expect(processExitsWith: .success) { [value, interface, expression, line] in
            setVariable("CF_INSTANCE_PORTS", to: value)
            let interface = try Self.interface(interface)
            var exclusion: Exclusion?
            let lines = try logged { exclusion = .find(for: nil, on: interface, log: $0) }
            #expect(exclusion?.expression.text == expression)
            #expect(lines == (line.map { [$0] } ?? []))
        }
    }
}
