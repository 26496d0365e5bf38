import CLinux
import Testing

@testable import Agent

@Suite("The watch over the session")
struct SessionWatchTests {
    /// What it asks the kernel.
    enum Way: CaseIterable {
        case lookup, tables
    }

    private func session(_ connections: [LoopbackConnection], in family: SocketTableFile.Family) throws -> SSHSession {
        let inodes = connections.map { LoopbackConnection.inode(of: $0.accepted) }
        var sockets: [TCPSocket] = []
        var table = try SocketTableFile(family)
        // A row is read twice when others go meanwhile.
        try table.readAll { if inodes.contains($0.inode), !sockets.contains($0) { sockets.append($0) } }
        return SSHSession(
            daemon: "sshd", process: 1, ports: connections.map { $0.port }, connections: sockets, source: .descriptors)
    }

    @Test(arguments: LoopbackConnection.Listener.allCases, Way.allCases)
    func `sees a connection until it is closed`(_ kind: LoopbackConnection.Listener, _ way: Way) throws {
        let connection = try LoopbackConnection(kind)
        let session = try session([connection], in: kind.table)
        #expect(session.connections.count == 1)
        let watch = Watch(session, way)
        #expect(watch.look())
        #expect(watch.look())
        connection.close()
        #expect(watch.losesSight())
    }

    @Test(arguments: Way.allCases)
    func `waits for the last of several connections, but not for later ones`(_ way: Way) throws {
        let first = try LoopbackConnection(.v4)
        let second = try LoopbackConnection(.v4)
        let watch = Watch(try session([first, second], in: .v4), way)
        let later = try LoopbackConnection(.v4)
        first.close()
        #expect(watch.look())
        second.close()
        #expect(watch.losesSight())
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
        let lookup = try SocketLookup()
        #expect(lookup.isAlive(present.connections[0]) == true)
        #expect(lookup.isAlive(earlier[0]) == false)
    }

    @Test
    func `takes a listener for connections between those ends for none of them`() throws {
        let connection = try LoopbackConnection(.v4)
        let present = try session([connection], in: .v4)
        let elsewhere = present.connections.map {
            TCPSocket(
                local: $0.local, remote: Endpoint(v4: 0x7F00_0001, port: 1), state: $0.state,
                inode: LoopbackConnection.inode(of: connection.listener))
        }
        let lookup = try SocketLookup()
        #expect(lookup.isAlive(elsewhere[0]) == false)
    }

    @Test(arguments: Way.allCases)
    func `does not care for the state that a connection was in`(_ way: Way) throws {
        let connection = try LoopbackConnection(.v4)
        let session = try session([connection], in: .v4)
        let watch = Watch(session, way)
        // The client goes; its daemon has not noticed yet and holds the socket in CLOSE_WAIT.
        close(connection.takeClient())
        #expect(watch.look())
    }

    @Test(arguments: [(Way.lookup, 2000), (Way.tables, 6000)] as [(Way, Int64)])
    func `looks every 2 seconds, every 6 at most where that is dear`(_ way: Way, _ longest: Int64) throws {
        let connection = try LoopbackConnection(.v4)
        let start = MonotonicClock.now()
        let watch = Watch(try session([connection], in: .v4), way)
        #expect((start + 2000...MonotonicClock.now() + 2000).contains(watch.nextLook))
        _ = watch.look()
        #expect((start + 2000...MonotonicClock.now() + longest).contains(watch.nextLook))
    }

    @Test(arguments: Way.allCases)
    func `needs no descriptor but those it looks through`(_ way: Way) throws {
        let connection = try LoopbackConnection(.v4)
        let (lookup, v4, v6) = Watch(try session([connection], in: .v4), way).descriptors
        #expect((lookup >= 0) == (way == .lookup))
        #expect((v4 >= 0) == (way == .tables) && (v6 >= 0) == (way == .tables))
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

    init(_ session: SSHSession?, _ way: SessionWatchTests.Way = .lookup) {
        watch = way == .lookup ? SessionWatch(session) : SessionWatch(session, lookup: nil)
    }

    func look() -> Bool { watch.look() }

    /// Processes that other tests start may hold this one's sockets for a moment.
    func losesSight() -> Bool {
        let limit = MonotonicClock.now() + 2000
        while watch.look() {
            if MonotonicClock.now() > limit { return false }
            usleep(1000)
        }
        return true
    }

    var nextLook: Int64 { watch.nextLook }
    var descriptors: (Int32, Int32, Int32) { watch.descriptors }
}
