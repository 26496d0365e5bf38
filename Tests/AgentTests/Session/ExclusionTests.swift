import Testing

@testable import Agent

@Suite("What is left out of a capture")
struct ExclusionTests {
    /// What the platform sets where Envoy is in the container.
    private static let withProxy = """
        [{"external":61012,"internal":8080,"external_tls_proxy":61014,"internal_tls_proxy":61001},
         {"external":61013,"internal":2222,"external_tls_proxy":61015,"internal_tls_proxy":61002}]
        """
    private static let withoutProxy = #"[{"external":61012,"internal":8080},{"external":61013,"internal":2222}]"#
    private static let otherPort =
        #"[{"internal":2222,"internal_tls_proxy":61002},{"internal":2322,"internal_tls_proxy":61003}]"#

    private static func session(_ ports: [UInt16]) -> SSHSession {
        SSHSession(daemon: "diego-sshd", process: 1, ports: ports, connections: [], source: .descriptors)
    }

    @Test(
        arguments: [
            // A session on 2222 behind a proxy.
            ("lo", [2222], withProxy, [2222]), ("eth0", [2222], withProxy, [61002]),
            ("any", [2222], withProxy, [2222, 61002]),
            ("eth1", [2222], withProxy, [61002]),
            // The same without a proxy: the key is absent, 0, or there is no description of ports at all.
            ("lo", [2222], withoutProxy, [2222]), ("eth0", [2222], withoutProxy, [2222]),
            ("any", [2222], withoutProxy, [2222]),
            ("eth0", [2222], #"[{"internal":2222,"internal_tls_proxy":0}]"#, [2222]),
            ("any", [2222], #"[{"internal":2222,"internal_tls_proxy":0}]"#, [2222]),
            ("lo", [2222], nil, [2222]), ("eth0", [2222], nil, [2222]), ("any", [2222], nil, [2222]),
            // The daemon listens elsewhere.
            ("lo", [2322], withProxy, [2322]), ("eth0", [2322], withProxy, [2322]), ("any", [2322], withProxy, [2322]),
            ("lo", [2322], otherPort, [2322]), ("eth0", [2322], otherPort, [61003]),
            ("any", [2322], otherPort, [2322, 61003]),
            // It listens on two ports.
            ("lo", [2222, 2322], otherPort, [2222, 2322]), ("eth0", [2222, 2322], otherPort, [61002, 61003]),
            ("any", [2222, 2322], otherPort, [2222, 2322, 61002, 61003]),
            ("eth0", [2222, 2322], withProxy, [61002, 2322]), ("any", [2222, 2322], withProxy, [2222, 2322, 61002]),
            // No session was found: the platform's port is taken for granted on lo only.
            ("lo", nil, withProxy, [2222]), ("eth0", nil, withProxy, [61002]), ("any", nil, withProxy, [2222, 61002]),
            ("lo", nil, nil, [2222]), ("lo", nil, withoutProxy, [2222]),
            ("eth0", nil, withoutProxy, []), ("eth0", nil, nil, []), ("eth0", nil, "[]", []),
            ("any", nil, nil, [2222]),
        ] as [(String, [UInt16]?, String?, [UInt16])])
    func `is the daemon's port on lo, the proxy's elsewhere, both on any`(
        _ interface: String, _ own: [UInt16]?, _ instance: String?, _ excluded: [UInt16]
    ) throws {
        let instance = try instance.map { try InstancePorts(ByteString(text: $0)) }
        let decided = Exclusion.decide(for: own.map(Self.session), on: ByteString(text: interface), instance)
        #expect(decided.ports == excluded)
        // Without a session only the proxy's port is sure enough.
        #expect(decided.isComplete == (own != nil || interface == "lo" || instance?.proxy(of: 2222) != nil))
    }

    private static let here = "10.77.0.2"

    /// The far ends of connections to port 2222 of 10.77.0.2, or of the same address where that is not IPv4's.
    private static func session(from peers: [String]) throws -> SSHSession {
        let connections = try peers.map { peer in
            let local = peer == "::1" || peer.hasPrefix("127.") ? peer : here
            return TCPSocket(
                local: try #require(Endpoint(address: local.utf8, port: "2222".utf8)),
                remote: try #require(Endpoint(address: peer.utf8, port: "40000".utf8)), state: 1, inode: 1)
        }
        return SSHSession(
            daemon: "diego-sshd", process: 1, ports: [2222], connections: connections, source: .descriptors)
    }

    @Test(
        arguments: [
            // Past the proxy.
            (["10.77.0.1"], withProxy, "eth0", [61002, 2222], true),
            (["2001:db8::1"], withProxy, "eth0", [61002, 2222], true),
            (["10.77.0.1"], withProxy, "any", [2222, 61002], true), (["10.77.0.1"], withProxy, "lo", [2222], true),
            (["10.77.0.1"], nil, "eth0", [2222], true), (["10.77.0.1"], nil, "any", [2222], true),
            // Through it.
            (["127.0.0.1"], withProxy, "eth0", [61002], true), (["127.1.2.3"], withProxy, "eth0", [61002], true),
            (["::1"], withProxy, "eth0", [61002], true), ([here], withProxy, "eth0", [61002], true),
            // Through one whose port nothing names.
            (["127.0.0.1"], nil, "eth0", [], false), (["::1"], nil, "eth0", [], false),
            ([here], nil, "eth0", [], false),
            (["127.0.0.1"], withoutProxy, "eth0", [], false), (["127.0.0.1"], nil, "any", [2222], false),
            (["127.0.0.1"], nil, "lo", [2222], true),
            // Either way, which is the agent's not being known.
            (["10.77.0.1", "127.0.0.1"], withProxy, "eth0", [61002, 2222], true),
            (["10.77.0.1", "127.0.0.1"], nil, "eth0", [2222], false),
        ] as [([String], String?, String, [UInt16], Bool)])
    func
        `is the daemon's port beside the proxy's where a session came past the proxy, not known where through an unknown one`(
            _ peers: [String], _ instance: String?, _ interface: String, _ excluded: [UInt16], _ isComplete: Bool
        ) throws
    {
        let decided = Exclusion.decide(
            for: try Self.session(from: peers), on: ByteString(text: interface),
            try instance.map { try InstancePorts(ByteString(text: $0)) })
        #expect(decided.ports == excluded)
        #expect(decided.isComplete == isComplete)
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
    func `is said in one expression with the user's`(
        _ ports: [UInt16], _ filter: String, _ combined: String, _ verb: String
    ) throws {
        let exclusion = Exclusion(ports: ports)
        #expect(exclusion.combined(with: ByteString(text: filter)).text == combined)
        let lines = try logged { exclusion.describe(with: ByteString(text: filter), in: $0) }
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
    func `has one end of the connection on standard output`(
        _ ports: [UInt16], _ end: Endpoint, _ filter: String, _ combined: String, _ message: String
    ) throws {
        let exclusion = Exclusion(ports: ports, outputEnd: end)
        #expect(exclusion.combined(with: ByteString(text: filter)).text == combined)
        let lines = try logged { exclusion.describe(with: ByteString(text: filter), in: $0) }
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
    func `is said not to be known, with the filter that would help`(_ interface: String, _ expression: String?) async {
        await #expect(processExitsWith: .success) { [interface, expression] in
            setVariable("CF_INSTANCE_PORTS", to: nil)
            var exclusion: Exclusion?
            let lines = try logged { exclusion = .find(for: nil, on: ByteString(text: interface), log: $0) }
            #expect(exclusion?.expression.text == expression)
            #expect(lines.count == 1)
            let start = #"level=WARN msg="failed to determine default filter, capture may include SSH session" hint="#
            #expect(lines[0].hasPrefix(start + "\"-filter 'not tcp port PORT' "))
        }
    }

    /// In a process of its own, for the environment is the process's.
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
            var exclusion: Exclusion?
            let lines = try logged { exclusion = .find(for: nil, on: ByteString(text: interface), log: $0) }
            #expect(exclusion?.expression.text == expression)
            #expect(lines == (line.map { [$0] } ?? []))
        }
    }
}
