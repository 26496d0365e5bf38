import Testing

@testable import Agent

@Suite("The SSH session")
struct SSHSessionTests {
    @Test(arguments: ["diego-sshd", "sshd", "sshd-session", "dropbear", "mysshd"])
    func `belongs to a daemon with a name like`(_ name: String) {
        #expect(SSHSession.isDaemon(ByteString(text: name)))
    }

    @Test(arguments: [
        "", "bash", "ssh", "ssh-agent", "sshd-keygen", "sshd2", "sshd-session2", "dropbearkey", "SSHD", "java",
    ])
    func `belongs to no process with a name like`(_ name: String) {
        #expect(!SSHSession.isDaemon(ByteString(text: name)))
    }

    private func select(_ inodes: [UInt64], _ sockets: [TCPSocket]) -> SSHSession? {
        SSHSession.select(13325, "diego-sshd", from: sockets, by: .descriptors) { inodes.contains($0.inode) }
    }

    private func socket(_ port: UInt16, _ peer: UInt16, state: UInt8, inode: UInt64) -> TCPSocket {
        TCPSocket(
            local: Endpoint(v4: 0x7F00_0001, port: port), remote: Endpoint(v4: 0x7F00_0001, port: peer), state: state,
            inode: inode)
    }

    @Test
    func `has all connections of a daemon that serves every session from one process`() throws {
        let sockets =
            try Fixture.sockets("tcp-diego-sshd-three-sessions") + Fixture.sockets("tcp6-diego-sshd-three-sessions")
        let session = try #require(select([59119, 59206, 59178, 59195, 4], sockets))
        #expect(session.daemon == "diego-sshd")
        #expect(session.pid == 13325)
        #expect(session.evidence == .descriptors)
        #expect(session.ports == [2222])
        #expect(session.connections.map { $0.inode } == [59206, 59178, 59195])
    }

    @Test
    func `has the connection of a process whose parent listens`() throws {
        let sockets = try Fixture.sockets("tcp-openssh-one-session")
        let session = try #require(select([60671], sockets))
        #expect(session.ports == [2222])
        #expect(session.connections.map { $0.inode } == [60671])
    }

    @Test
    func `has no connection that the daemon opens for a client`() {
        let sockets = [
            socket(2222, 0, state: 0x0A, inode: 1), socket(2222, 40_000, state: 0x01, inode: 2),
            socket(50_000, 8080, state: 0x01, inode: 3),
        ]
        #expect(select([1, 2, 3], sockets)?.connections.map { $0.inode } == [2])
        #expect(select([1, 2, 3], sockets)?.ports == [2222])
    }

    @Test
    func `has no port that the daemon opens for a client while there are sessions`() {
        let sockets = [
            socket(2222, 0, state: 0x0A, inode: 1), socket(9000, 0, state: 0x0A, inode: 2),
            socket(2222, 40_000, state: 0x01, inode: 3),
        ]
        #expect(select([1, 2, 3], sockets)?.ports == [2222])
    }

    @Test
    func `has ports and no connections if the daemon only listens`() {
        let sockets = [
            socket(2222, 0, state: 0x0A, inode: 1), socket(2322, 0, state: 0x0A, inode: 2),
            socket(8080, 0, state: 0x0A, inode: 3),
        ]
        let session = select([1, 2], sockets)
        #expect(session?.ports == [2222, 2322])
        #expect(session?.connections == [])
    }

    @Test
    func `has two ports, each once`() {
        let sockets = [
            socket(2222, 0, state: 0x0A, inode: 1), socket(22, 0, state: 0x0A, inode: 2),
            socket(2222, 40_000, state: 0x01, inode: 3), socket(22, 40_001, state: 0x01, inode: 4),
            socket(2222, 40_002, state: 0x08, inode: 5),
        ]
        #expect(select([1, 2, 3, 4, 5], sockets)?.ports == [2222, 22])
        #expect(select([1, 2, 3, 4, 5], sockets)?.connections.count == 3)
    }

    @Test
    func `does not exist for a process that holds no socket in the tables`() {
        let sockets = [socket(2222, 0, state: 0x0A, inode: 1), socket(2222, 40_000, state: 0x01, inode: 2)]
        #expect(select([], sockets) == nil)
        #expect(select([7], sockets) == nil)
        #expect(select([1, 2], []) == nil)
    }

    @Test
    func `does not exist for sockets that no process holds`() {
        // All connections that are being closed have the inode number 0.
        let sockets = [socket(2222, 0, state: 0x0A, inode: 1), socket(2222, 40_000, state: 0x01, inode: 0)]
        #expect(select([0], sockets) == nil)
    }

    @Test
    func `does not exist for a connection to a port on which nobody listens`() {
        #expect(select([2], [socket(40_000, 2222, state: 0x01, inode: 2)]) == nil)
    }

    @Test
    func `has the connection that SSH_CONNECTION names, if the tables have it`() throws {
        let sockets = try Fixture.sockets("tcp-openssh-one-session")
        func select(_ text: ByteString) throws -> SSHSession? {
            let named = try #require(SSHConnection(text))
            return SSHSession.select(13526, "sshd", from: sockets, by: .environment) { named.isConnection($0) }
        }
        let session = try #require(try select("10.77.0.1 52296 10.77.0.2 2222"))
        #expect(session.ports == [2222])
        #expect(session.connections.map { $0.inode } == [60671])
        #expect(session.evidence == .environment)
        #expect(try select("10.77.0.1 52297 10.77.0.2 2222") == nil)
    }
}
