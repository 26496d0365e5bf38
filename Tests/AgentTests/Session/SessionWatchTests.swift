import CLinux
import Testing

@testable import Agent

@Suite("The watch over a session")
struct SessionWatchTests {
    @Test(arguments: LoopbackConnection.Listener.allCases)
    func `sees a connection until that is closed`(_ kind: LoopbackConnection.Listener) throws {
        let connection = try LoopbackConnection(kind)
        let session = try SSHSession(connections: [connection])
        #expect(session.connections.count == 1)
        let watch = SessionWatch(session)
        #expect(watch.check())
        #expect(watch.check())
        connection.close()
        #expect(watch.findsEnd())
    }

    @Test
    func `waits for the last of several connections, but not for later ones`() throws {
        let first = try LoopbackConnection(.v4)
        let second = try LoopbackConnection(.v4)
        let watch = SessionWatch(try SSHSession(connections: [first, second]))
        let later = try LoopbackConnection(.v4)
        first.close()
        #expect(watch.findsSession())
        second.close()
        #expect(watch.findsEnd())
        later.close()
    }

    /// An event of a session with two connections. `check` stands for a check between two others.
    enum Event {
        case inputCloses, connectionCloses, check
    }

    @Test(
        arguments: [
            ([.inputCloses, .connectionCloses], true), ([.connectionCloses, .inputCloses], true),
            ([.check, .inputCloses, .connectionCloses], true),
            ([.check, .connectionCloses, .check, .inputCloses], true),
            ([.check, .inputCloses, .check, .connectionCloses], true),
            ([.connectionCloses, .check, .inputCloses], true),
            ([.inputCloses], false), ([.check, .inputCloses], false), ([.connectionCloses], false),
            // The client was run with </dev/null. The connection that ends later may be another session's.
            ([.inputCloses, .check, .connectionCloses], false),
        ] as [([Event], Bool)], [TestInput.Kind.pipe, .socket, .halfClosedSocket, .terminal])
    func `finds the end of the session only when standard input and one of two connections have ended`(
        _ story: ([Event], Bool), _ kind: TestInput.Kind
    ) throws {
        let input = try TestInput(kind)
        let (ours, other) = (try LoopbackConnection(.v4), try LoopbackConnection(.v4))
        let watch = SessionWatch(try SSHSession(connections: [ours, other]), input: input.descriptor)
        let (events, hasEnded) = story
        for event in events {
            switch event {
            case .inputCloses: input.closeOtherEnd()
            case .connectionCloses: try ours.closeForAll()
            case .check: #expect(watch.findsSession())
            }
        }
        #expect(hasEnded ? watch.findsEnd() : watch.findsSession())
        ours.close()
        other.close()
        #expect(watch.findsEnd())
    }

    @Test
    func `ignores a standard input that was closed at the start`() throws {
        let input = try TestInput(.pipe)
        input.closeOtherEnd()
        let (ours, other) = (try LoopbackConnection(.v4), try LoopbackConnection(.v4))
        let watch = SessionWatch(try SSHSession(connections: [ours, other]), input: input.descriptor)
        ours.close()
        #expect(watch.findsSession())
        other.close()
    }

    @Test(arguments: ["/dev/null", "/dev/zero", "/etc/passwd", "/"])
    func `ignores a standard input that has no other end`(_ path: String) throws {
        let input = try FileDescriptor(reading: ByteString(text: path))
        let (ours, other) = (try LoopbackConnection(.v4), try LoopbackConnection(.v4))
        let watch = SessionWatch(try SSHSession(connections: [ours, other]), input: input.rawValue)
        ours.close()
        #expect(watch.findsSession())
        other.close()
    }

    @Test(arguments: [Int32(-1), 1_000_000])
    func `ignores a standard input that is not open`(_ descriptor: Int32) throws {
        let (ours, other) = (try LoopbackConnection(.v4), try LoopbackConnection(.v4))
        let watch = SessionWatch(try SSHSession(connections: [ours, other]), input: descriptor)
        ours.close()
        #expect(watch.findsSession())
        other.close()
    }

    @Test
    func `reads nothing from standard input`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        let connection = try LoopbackConnection(.v4)
        _ = pipe.write(100)
        let watch = SessionWatch(try SSHSession(connections: [connection]), input: pipe.readEnd)
        #expect(watch.check())
        pipe.closeWriteEnd()
        #expect(watch.check())
        #expect(pipe.read().count == 100)
    }

    @Test
    func `distinguishes connections between the same ports by their inode numbers`() throws {
        let connection = try LoopbackConnection(.v4)
        let present = try SSHSession(connections: [connection])
        let earlier = present.connections.map {
            TCPSocket(local: $0.local, remote: $0.remote, state: $0.state, inode: $0.inode + 1)
        }
        let watch = SessionWatch(
            SSHSession(daemon: "sshd", pid: 1, ports: present.ports, connections: earlier, evidence: .descriptors))
        #expect(!watch.check())
    }

    @Test
    func `counts a connection in CLOSE_WAIT as present`() throws {
        let connection = try LoopbackConnection(.v4)
        let watch = SessionWatch(try SSHSession(connections: [connection]))
        // The client has closed the connection, and the daemon still holds the socket in CLOSE_WAIT.
        close(connection.takeClient())
        #expect(watch.check())
    }

    @Test
    func `checks every 2 seconds, and at least every 6 if the tables are large`() throws {
        let connection = try LoopbackConnection(.v4)
        let start = MonotonicClock.now()
        let watch = SessionWatch(try SSHSession(connections: [connection]))
        #expect((start + .seconds(2)...MonotonicClock.now() + .seconds(2)).contains(watch.nextCheck))
        _ = watch.check()
        #expect((start + .seconds(2)...MonotonicClock.now() + .seconds(6)).contains(watch.nextCheck))
    }

    @Test
    func `names the descriptors of the tables if there is a session`() throws {
        let connection = try LoopbackConnection(.v4)
        let watch = SessionWatch(try SSHSession(connections: [connection]))
        #expect(watch.descriptors.v4 >= 0)
        #expect(watch.descriptors.v6 >= 0)
        let idle = SessionWatch(nil)
        #expect(idle.descriptors == (-1, -1))
    }

    @Test
    func `never checks if there is no connection to watch`() {
        let idle = SessionWatch(nil)
        #expect(idle.nextCheck == .distantFuture)
        let session = SSHSession(daemon: "sshd", pid: 1, ports: [2222], connections: [], evidence: .descriptors)
        let watch = SessionWatch(session)
        #expect(watch.nextCheck == .distantFuture)
    }
}

extension SessionWatch {
    /// Checks until the session has ended, for 10 s at most. Processes that other tests start may hold the descriptors
    /// for a moment.
    fileprivate func findsEnd() -> Bool {
        let limit = MonotonicClock.now() + .seconds(10)
        while check() {
            if MonotonicClock.now() > limit { return false }
            usleep(1000)
        }
        return true
    }

    /// Returns whether the session exists after a time in which those processes end.
    fileprivate func findsSession() -> Bool {
        usleep(100_000)
        return check()
    }
}
