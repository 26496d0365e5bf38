import CLinux
import Testing

@testable import Agent

@Suite("The watch over the session")
struct SessionWatchTests {
    private func session(_ connections: [LoopbackConnection], in family: SocketTableFile.Family) throws -> SSHSession {
        let inodes = connections.map { LoopbackConnection.inode(of: $0.accepted) }
        var sockets: [TCPSocket] = []
        var table = try SocketTableFile(family)
        try table.readAll { if inodes.contains($0.inode) { sockets.append($0) } }
        return SSHSession(
            daemon: "sshd", process: 1, ports: connections.map { $0.port }, connections: sockets, source: .descriptors)
    }

    @Test(arguments: LoopbackConnection.Listener.allCases)
    func `sees a connection until it is closed`(_ kind: LoopbackConnection.Listener) throws {
        let connection = try LoopbackConnection(kind)
        let session = try session([connection], in: kind == .v4 ? .v4 : .v6)
        #expect(session.connections.count == 1)
        let watch = Watch(session)
        #expect(watch.look())
        #expect(watch.look())
        connection.close()
        #expect(!watch.look())
    }

    @Test
    func `waits for the last of several connections, but not for later ones`() throws {
        let first = try LoopbackConnection(.v4)
        let second = try LoopbackConnection(.v4)
        let watch = Watch(try session([first, second], in: .v4))
        let later = try LoopbackConnection(.v4)
        first.close()
        #expect(watch.look())
        second.close()
        #expect(!watch.look())
        later.close()
    }

    @Test
    func `takes another connection between the same ends for another`() throws {
        let connection = try LoopbackConnection(.v4)
        let present = try session([connection], in: .v4)
        let earlier = present.connections.map {
            TCPSocket(local: $0.local, remote: $0.remote, state: $0.state, inode: $0.inode + 1)
        }
        let watch = Watch(
            SSHSession(daemon: "sshd", process: 1, ports: present.ports, connections: earlier, source: .descriptors))
        #expect(!watch.look())
    }

    @Test
    func `does not care for the state that a connection was in`() throws {
        let connection = try LoopbackConnection(.v4)
        let session = try session([connection], in: .v4)
        let watch = Watch(session)
        // The client goes; its daemon has not noticed yet and holds the socket in CLOSE_WAIT.
        close(connection.takeClient())
        #expect(watch.look())
    }

    @Test
    func `looks every 2 to 5 seconds`() throws {
        let connection = try LoopbackConnection(.v4)
        let start = MonotonicClock.now()
        let watch = Watch(try session([connection], in: .v4))
        #expect((start + 2000...MonotonicClock.now() + 6000).contains(watch.nextLook))
        _ = watch.look()
        let end = MonotonicClock.now()
        #expect((start + 2000...end + 6000).contains(watch.nextLook))
    }

    @Test
    func `never looks where there is nothing to look for`() {
        #expect(Watch(nil).nextLook == .max)
        let session = SSHSession(daemon: "sshd", process: 1, ports: [2222], connections: [], source: .descriptors)
        #expect(Watch(session).nextLook == .max)
    }
}

/// `#expect` takes no call that changes a value in place.
private final class Watch {
    private var watch: SessionWatch

    init(_ session: SSHSession?) {
        watch = SessionWatch(session)
    }

    func look() -> Bool { watch.look() }
    var nextLook: Int64 { watch.nextLook }
}
