import Testing

@testable import Agent

@Suite("SSH_CONNECTION")
struct SSHConnectionTests {
    @Test(arguments: [
        (
            "10.77.0.1 52296 10.77.0.2 2222", Endpoint(v4: 0x0A4D_0001, port: 52296),
            Endpoint(v4: 0x0A4D_0002, port: 2222)
        ),
        ("::1 1 ::1 22", Endpoint(high: 0, low: 1, port: 1), Endpoint(high: 0, low: 1, port: 22)),
        (
            "2001:db8::89ab:cdef 65535 fe80::1%eth0 0",
            Endpoint(high: 0x2001_0DB8 << 32, low: 0x89AB_CDEF, port: 65535),
            Endpoint(high: 0xFE80 << 48, low: 1, port: 0)
        ),
        // sshd and the tables have different notations for the same connection to a dual-stack socket.
        ("::ffff:10.77.0.1 7 10.77.0.2 8", Endpoint(v4: 0x0A4D_0001, port: 7), Endpoint(v4: 0x0A4D_0002, port: 8)),
    ])
    func `names a client and a server`(_ text: String, _ client: Endpoint, _ server: Endpoint) {
        let connection = SSHConnection(ByteString(text: text))
        #expect(connection?.client == client)
        #expect(connection?.server == server)
    }

    @Test(arguments: [
        "", " ", "   ", "10.0.0.1 1 10.0.0.2", "10.0.0.1 1 10.0.0.2 2 3", "10.0.0.1  1 10.0.0.2 2",
        " 10.0.0.1 1 10.0.0.2 2",
        "10.0.0.1 1 10.0.0.2 2 ", "10.0.0.1 65536 10.0.0.2 2", "10.0.0.1 -1 10.0.0.2 2", "10.0.0.1 x 10.0.0.2 2",
        "10.0.0.256 1 10.0.0.2 2", "10.0.0 1 10.0.0.2 2", "host 1 10.0.0.2 2", "1:2 1 ::1 2", ":::1 1 ::1 2",
        "%eth0 1 ::1 2", "10.0.0.1\t1 10.0.0.2 2", "UNKNOWN 65535 UNKNOWN 65535", "010.0.0.1 1 10.0.0.2 2",
    ])
    func `names nothing if it is malformed`(_ text: String) {
        #expect(SSHConnection(ByteString(text: text)) == nil)
    }

    @Test
    func `is used only if the socket tables have the connection`() throws {
        let sockets = try Fixture.sockets("tcp-openssh-one-session")
        func find(_ text: ByteString) -> TCPSocket? {
            sockets.first { socket in SSHConnection(text)?.isConnection(socket) ?? false }
        }
        #expect(find("10.77.0.1 52296 10.77.0.2 2222")?.inode == 60671)
        #expect(find("10.77.0.1 52297 10.77.0.2 2222") == nil)
        #expect(find("10.77.0.3 52296 10.77.0.2 2222") == nil)
        #expect(find("10.77.0.1 52296 10.77.0.2 22") == nil)
        // The client's end of the connection.
        #expect(find("10.77.0.2 2222 10.77.0.1 52296") == nil)
        // The listener.
        #expect(find("0.0.0.0 0 0.0.0.0 2222") == nil)
    }

    @Test
    func `is found in a table of mapped addresses`() throws {
        let sockets = try Fixture.sockets("tcp6-diego-sshd-three-sessions")
        for text in ["127.0.0.1 34842 127.0.0.1 2222", "::ffff:127.0.0.1 34842 127.0.0.1 2222"] as [ByteString] {
            let connection = try #require(SSHConnection(text))
            #expect(sockets.filter { connection.isConnection($0) }.map { $0.inode } == [59195])
        }
    }

    @Test(arguments: [
        ("10.77.0.1", 2222, "10.77.0.1:2222"), ("::ffff:10.77.0.1", 1, "10.77.0.1:1"), ("0.0.0.0", 0, "0.0.0.0:0"),
        ("::1", 22, "[::1]:22"), ("::", 65535, "[::]:65535"), ("fe80::1%eth0", 22, "[fe80::1]:22"),
        ("2001:DB8:0:0:1:0:0:1", 22, "[2001:db8::1:0:0:1]:22"),
        (
            "1111:2222:3333:4444:5555:6666:7777:8888", 65535,
            "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"
        ),
    ])
    func `is logged with addresses in their usual notation`(_ address: String, _ port: UInt16, _ text: String) {
        #expect(Endpoint(address: address.utf8, port: "\(port)".utf8)?.description.text == text)
    }
}
