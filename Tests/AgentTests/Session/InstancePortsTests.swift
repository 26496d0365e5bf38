import Testing

@testable import Agent

@Suite("CF_INSTANCE_PORTS")
struct InstancePortsTests {
    private func proxy(of port: UInt16, in text: String) throws -> UInt16? {
        try InstancePorts(ByteString(text: text)).proxy(of: port)
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
            // Of two descriptions of a port the first with a proxy counts, of two members the last.
            (#"[{"internal":2222},{"internal":2222,"internal_tls_proxy":61002}]"#, 2222, 61002),
            (#"[{"internal":1,"internal":2222,"internal_tls_proxy":1,"internal_tls_proxy":61002}]"#, 2222, 61002),
            (#"[{"internal":65535,"internal_tls_proxy":1}]"#, 65535, 1),
            (#"[{"\u0069nternal":2222,"internal_tls_proxy":61002}]"#, 2222, 61002),
            (#"[{"other":{"a":[1,{}]},"internal":2222,"internal_tls_proxy":61002,"more":null}]"#, 2222, 61002),
        ] as [(String, UInt16, UInt16)])
    func `say which port of the proxy leads to a port`(_ text: String, _ port: UInt16, _ proxy: UInt16) throws {
        #expect(try self.proxy(of: port, in: text) == proxy)
    }

    @Test(arguments: [
        "[]", "[{}]", #"[{"internal":2222}]"#, #"[{"internal":2222,"internal_tls_proxy":0}]"#,
        #"[{"internal":2222,"internal_tls_proxy":null}]"#, #"[{"internal":null,"internal_tls_proxy":61002}]"#,
        #"[{"internal":0,"internal_tls_proxy":61002}]"#, #"[{"internal_tls_proxy":61002}]"#,
        #"[{"internal":8080,"internal_tls_proxy":61001}]"#, #"[{"Internal":2222,"internal_tls_proxy":61002}]"#,
        #"[{"internal":2222,"external_tls_proxy":61015}]"#,
    ])
    func `may not have a proxy for a port`(_ text: String) throws {
        #expect(try proxy(of: 2222, in: text) == nil)
    }

    @Test(arguments: [
        ("null", "it is not an array"), ("{}", "it is not an array"), ("1", "it is not an array"),
        (#""[]""#, "it is not an array"), ("[1]", "it holds something that is no object"),
        ("[[]]", "it holds something that is no object"), ("[{},null]", "it holds something that is no object"),
        (#"[{"internal":"2222"}]"#, "internal is not a number"), (#"[{"internal":true}]"#, "internal is not a number"),
        (#"[{"internal":[2222]}]"#, "internal is not a number"),
        (#"[{"internal":1,"internal_tls_proxy":{}}]"#, "internal_tls_proxy is not a number"),
        (#"[{"internal":65536}]"#, "internal is 65536, which is no port"),
        (#"[{"internal":-1}]"#, "internal is -1, which is no port"),
        (#"[{"internal":2222.5}]"#, "internal is 2222.5, which is no port"),
        (#"[{"internal":1e3}]"#, "internal is 1e3, which is no port"),
        (
            #"[{"internal":1,"internal_tls_proxy":18446744073709551616}]"#,
            "internal_tls_proxy is 18446744073709551616, which is no port"
        ),
        ("", "it ends where a value should stand at byte 0"), ("[{]", "a name in quotes should stand here at byte 2"),
        ("[{}", "a comma or ] should stand here at byte 3"), ("[]]", "something follows the value at byte 2"),
    ])
    func `are refused where they are not what the platform writes`(_ text: String, _ words: String) {
        let malformation = #expect(throws: InstancePorts.Malformation.self) {
            try InstancePorts(ByteString(text: text))
        }
        #expect(malformation?.description.text == words)
    }

    @Test
    func `are read where they are huge`() throws {
        // An environment variable holds 128 kB at most (execve(2), MAX_ARG_STRLEN).
        let one = #"{"external":61012,"internal":8080,"external_tls_proxy":61014,"internal_tls_proxy":61001},"#
        let text = "[\(String(repeating: one, count: 1400))" + #"{"internal":2222,"internal_tls_proxy":61002}]"#
        var proxy: UInt16?
        let time = try ContinuousClock().measure { proxy = try self.proxy(of: 2222, in: text) }
        print("CF_INSTANCE_PORTS of \(text.utf8.count) bytes: \(time) in this build")
        #expect(proxy == 61002)
        #expect(time < .seconds(30))
    }
}
