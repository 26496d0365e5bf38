import Testing

@testable import Agent

@Suite("CF_INSTANCE_PORTS")
struct InstancePortsTests {
    private func proxyPort(for port: UInt16, in text: String) throws -> UInt16? {
        try InstancePorts(ByteString(text: text)).proxyPort(for: port)
    }

    @Test(
        arguments: [
            (#"[{"internal":2222,"internal_tls_proxy":61002}]"#, 2222, 61002),
            (#"[{"internal_tls_proxy":61002,"internal":2222}]"#, 2222, 61002),
            (#" [ { "internal" : 2222 , "internal_tls_proxy" : 61002 } ] "#, 2222, 61002),
            (
                #"[{"internal":8080,"internal_tls_proxy":61001},{"internal":2222,"internal_tls_proxy":61002}]"#, 2222,
                61002
            ),
            (
                #"[{"internal":8080,"internal_tls_proxy":61001},{"internal":2222,"internal_tls_proxy":61002}]"#, 8080,
                61001
            ),
            // The first description of a port that has a proxy counts. The last member of a name counts.
            (#"[{"internal":2222},{"internal":2222,"internal_tls_proxy":61002}]"#, 2222, 61002),
            (#"[{"internal":1,"internal":2222,"internal_tls_proxy":1,"internal_tls_proxy":61002}]"#, 2222, 61002),
            (#"[{"internal":65535,"internal_tls_proxy":1}]"#, 65535, 1),
            (#"[{"other":{"a":[1,{}]},"internal":2222,"internal_tls_proxy":61002,"more":null}]"#, 2222, 61002),
            // Names count in the objects of the array only, not in nested objects or in strings.
            (#"[{"x":{"internal":1},"internal":2222,"y":[{"internal":3}],"internal_tls_proxy":61002}]"#, 2222, 61002),
            (#"[{"x":"\",\"internal\":1,}]\\","internal":2222,"internal_tls_proxy":61002}]"#, 2222, 61002),
            (#"[{"a":-1.5e3,"b":true,"c":"é{[","internal":2222,"d":[[]],"internal_tls_proxy":61002}]"#, 2222, 61002),
            ("\t[\r\n{\"internal\"\n:\t2222\n,\"internal_tls_proxy\":61002\n}\n]\n", 2222, 61002),
        ] as [(String, UInt16, UInt16)])
    func `name the proxy's port that leads to a port`(_ text: String, _ port: UInt16, _ proxy: UInt16) throws {
        #expect(try self.proxyPort(for: port, in: text) == proxy)
    }

    @Test(arguments: [
        "[]", "[{}]", #"[{"internal":2222}]"#, #"[{"internal":2222,"internal_tls_proxy":0}]"#,
        #"[{"internal":2222,"internal_tls_proxy":null}]"#, #"[{"internal":null,"internal_tls_proxy":61002}]"#,
        #"[{"internal":0,"internal_tls_proxy":61002}]"#, #"[{"internal_tls_proxy":61002}]"#,
        #"[{"internal":8080,"internal_tls_proxy":61001}]"#, #"[{"Internal":2222,"internal_tls_proxy":61002}]"#,
        #"[{"internal":2222,"external_tls_proxy":61015}]"#,
    ])
    func `name no proxy's port if there is none`(_ text: String) throws {
        #expect(try proxyPort(for: 2222, in: text) == nil)
    }

    @Test(arguments: [
        ("null", "unexpected text at byte 0"), ("{}", "unexpected text at byte 0"), ("1", "unexpected text at byte 0"),
        (#""[]""#, "unexpected text at byte 0"), ("[1]", "unexpected text at byte 1"),
        ("[[]]", "unexpected text at byte 1"), ("[{},null]", "unexpected text at byte 4"),
        ("[,]", "unexpected text at byte 1"), ("[{},]", "unexpected text at byte 4"),
        ("[{}{}]", "unexpected text at byte 3"),
        ("[{a:1}]", "unexpected text at byte 2"), (#"[{"a"1}]"#, "unexpected text at byte 5"),
        (#"[{"a":1,}]"#, "unexpected text at byte 8"), (#"[{"a":1]}"#, "unexpected text at byte 7"),
        (#"[{"a":[1,2"#, "it ends too early"), (#"[{"a":1]"#, "unexpected text at byte 7"),
        (#"[{"a":"x]"#, "it ends too early"), (#"[{"a":"\"#, "it ends too early"),
        (#"[{"internal":"2222"}]"#, #"'"2222"' is no port"#), (#"[{"internal":true}]"#, "'true' is no port"),
        (#"[{"internal":[2222]}]"#, "'[2222]' is no port"), (#"[{"internal":}]"#, "'' is no port"),
        (#"[{"internal":1,"internal_tls_proxy":{}}]"#, "'{' is no port"),
        (#"[{"internal":65536}]"#, "'65536' is no port"), (#"[{"internal":-1}]"#, "'-1' is no port"),
        (#"[{"internal":2222.5}]"#, "'2222.5' is no port"), (#"[{"internal":1e3}]"#, "'1e3' is no port"),
        (#"[{"internal":1,"internal_tls_proxy":18446744073709551616}]"#, "'18446744073709551616' is no port"),
        (#"[{"internal":"#, "it ends too early"), (#"[{"internal":22"#, "it ends too early"),
        ("", "it ends too early"), ("[", "it ends too early"), ("[{", "it ends too early"),
        ("[{]", "unexpected text at byte 2"), ("[{}", "it ends too early"), ("[]]", "unexpected text at byte 2"),
        ("[] x", "unexpected text at byte 3"), ("\u{FEFF}[]", "unexpected text at byte 0"),
    ])
    func `are refused if they are malformed`(_ text: String, _ words: String) {
        let malformation = #expect(throws: Failure.self) {
            try InstancePorts(ByteString(text: text))
        }
        #expect(malformation?.description.text == words)
    }

    @Test
    func `are read if they have 128 kB`() throws {
        // An environment variable holds 128 kB at most (execve(2), MAX_ARG_STRLEN).
        let one = #"{"external":61012,"internal":8080,"external_tls_proxy":61014,"internal_tls_proxy":61001},"#
        let text = "[\(String(repeating: one, count: 1400))" + #"{"internal":2222,"internal_tls_proxy":61002}]"#
        var proxy: UInt16?
        let before = threadTime()
        proxy = try self.proxyPort(for: 2222, in: text)
        let seconds = threadTime() - before
        print("CF_INSTANCE_PORTS of \(text.utf8.count) bytes: \(seconds) s in this build")
        #expect(proxy == 61002)
        #expect(seconds < 30)
    }

    /// Parses each prefix of a value, and the value with each byte changed.
    @Test
    func `are read or refused wherever they are truncated or changed`() throws {
        let whole = [UInt8](
            #"[{"a":"\\\"x","internal":2222,"b":[{"c":[]}],"internal_tls_proxy":61002},{"internal":1}]"#.utf8)
        for length in whole.indices {
            #expect(throws: Failure.self) { try InstancePorts(ByteString(whole[..<length])) }
            for byte in UInt8.min...UInt8.max {
                var changed = whole
                changed[length] = byte
                _ = try? InstancePorts(ByteString(changed))
            }
        }
    }

    @Test(arguments: ["[", "{", #"[{"a":["#, #"{"a":"#, #"[{"a":"#])
    func `are read or refused however deeply they are nested`(_ text: String) {
        #expect(throws: Failure.self) { try InstancePorts(text.repeated(20_000)) }
    }
}
