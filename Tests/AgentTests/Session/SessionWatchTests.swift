import CLinux
import Testing

@testable import Agent

@Suite("The watch over the session")
struct SessionWatchTests {
    private func session(_ connections: [LoopbackConnection]) throws -> SSHSession {
        let inodes = connections.map { LoopbackConnection.inode(of: $0.accepted) }
        var sockets: [TCPSocket] = []
        var tables = try SocketTables()
        // A row is read twice when others go meanwhile.
        try tables.readAll { if inodes.contains($0.inode), !sockets.contains($0) { sockets.append($0) } }
        return SSHSession(
            daemon: "sshd", process: 1, ports: connections.map { $0.port }, connections: sockets, source: .descriptors)
    }

    @Test(arguments: LoopbackConnection.Listener.allCases)
    func `sees a connection until it is closed`(_ kind: LoopbackConnection.Listener) throws {
        let connection = try LoopbackConnection(kind)
        let session = try session([connection])
        #expect(session.connections.count == 1)
        let watch = SessionWatch(session)
        #expect(watch.look())
        #expect(watch.look())
        connection.close()
        #expect(watch.losesSight())
    }

    @Test
    func `waits for the last of several connections, but not for later ones`() throws {
        let first = try LoopbackConnection(.v4)
        let second = try LoopbackConnection(.v4)
        let watch = SessionWatch(try session([first, second]))
        let later = try LoopbackConnection(.v4)
        first.close()
        #expect(watch.keepsSight())
        second.close()
        #expect(watch.losesSight())
        later.close()
    }

    /// In what order the other end of standard input and one of two connections go, "look" being a look between.
    enum Event {
        case inputCloses, connectionCloses, look
    }

    @Test(
        arguments: [
            ([.inputCloses, .connectionCloses], true), ([.connectionCloses, .inputCloses], true),
            ([.look, .inputCloses, .connectionCloses], true), ([.look, .connectionCloses, .look, .inputCloses], true),
            ([.look, .inputCloses, .look, .connectionCloses], true),
            ([.connectionCloses, .look, .inputCloses], true),
            ([.inputCloses], false), ([.look, .inputCloses], false), ([.connectionCloses], false),
            // The client was run with </dev/null; what goes later may be another's connection.
            ([.inputCloses, .look, .connectionCloses], false),
        ] as [([Event], Bool)], [TestInput.Kind.pipe, .socket, .halfClosedSocket, .terminal])
    func `takes the end of standard input together with a lost connection for the session's`(
        _ story: ([Event], Bool), _ kind: TestInput.Kind
    ) throws {
        let input = try TestInput(kind)
        let (ours, other) = (try LoopbackConnection(.v4), try LoopbackConnection(.v4))
        let watch = SessionWatch(try session([ours, other]), input: input.descriptor)
        for event in story.0 {
            switch event {
            case .inputCloses: input.closeOtherEnd()
            case .connectionCloses: try Self.closeForAll(ours)
            case .look: #expect(watch.keepsSight())
            }
        }
        #expect(story.1 ? watch.losesSight() : watch.keepsSight())
        ours.close()
        other.close()
        #expect(watch.losesSight())
    }

    /// Returns once the tables have it no more: a child that another test is making keeps it for a moment.
    private static func closeForAll(_ connection: LoopbackConnection) throws {
        let inode = LoopbackConnection.inode(of: connection.accepted)
        connection.close()
        var tables = try SocketTables()
        let limit = MonotonicClock.now() + .seconds(10)
        var isThere = true
        while isThere, MonotonicClock.now() < limit {
            isThere = false
            try tables.readAll { if $0.inode == inode { isThere = true } }
            if isThere { usleep(1000) }
        }
    }

    @Test
    func `learns nothing from a standard input that was closed before`() throws {
        let input = try TestInput(.pipe)
        input.closeOtherEnd()
        let (ours, other) = (try LoopbackConnection(.v4), try LoopbackConnection(.v4))
        let watch = SessionWatch(try session([ours, other]), input: input.descriptor)
        ours.close()
        #expect(watch.keepsSight())
        other.close()
    }

    @Test(arguments: ["/dev/null", "/dev/zero", "/etc/passwd", "/"])
    func `learns nothing from a standard input that has no other end`(_ path: String) throws {
        let input = try FileDescriptor(reading: ByteString(text: path))
        let (ours, other) = (try LoopbackConnection(.v4), try LoopbackConnection(.v4))
        let watch = SessionWatch(try session([ours, other]), input: input.rawValue)
        ours.close()
        #expect(watch.keepsSight())
        other.close()
    }

    @Test(arguments: [Int32(-1), 1_000_000])
    func `learns nothing from a standard input that is not there`(_ descriptor: Int32) throws {
        let (ours, other) = (try LoopbackConnection(.v4), try LoopbackConnection(.v4))
        let watch = SessionWatch(try session([ours, other]), input: descriptor)
        ours.close()
        #expect(watch.keepsSight())
        other.close()
    }

    @Test
    func `takes nothing from standard input`() throws {
        let pipe = try TestPipe(flags: O_NONBLOCK)
        let connection = try LoopbackConnection(.v4)
        _ = pipe.write(100)
        let watch = SessionWatch(try session([connection]), input: pipe.readEnd)
        #expect(watch.look())
        pipe.closeWriteEnd()
        #expect(watch.look())
        #expect(pipe.read().count == 100)
    }

    @Test
    func `takes another connection between the same ends for another`() throws {
        let connection = try LoopbackConnection(.v4)
        let present = try session([connection])
        let earlier = present.connections.map {
            TCPSocket(local: $0.local, remote: $0.remote, state: $0.state, inode: $0.inode + 1)
        }
        let watch = SessionWatch(
            SSHSession(daemon: "sshd", process: 1, ports: present.ports, connections: earlier, source: .descriptors))
        #expect(!watch.look())
    }

    @Test
    func `does not care for the state that a connection was in`() throws {
        let connection = try LoopbackConnection(.v4)
        let watch = SessionWatch(try session([connection]))
        // The client goes; its daemon has not noticed yet and holds the socket in CLOSE_WAIT.
        close(connection.takeClient())
        #expect(watch.look())
    }

    @Test
    func `looks every 2 seconds, every 6 at most where the tables are large`() throws {
        let connection = try LoopbackConnection(.v4)
        let start = MonotonicClock.now()
        let watch = SessionWatch(try session([connection]))
        #expect((start + .seconds(2)...MonotonicClock.now() + .seconds(2)).contains(watch.nextLook))
        _ = watch.look()
        #expect((start + .seconds(2)...MonotonicClock.now() + .seconds(6)).contains(watch.nextLook))
    }

    @Test
    func `needs the descriptors of the tables, where there is a session`() throws {
        let connection = try LoopbackConnection(.v4)
        let (v4, v6) = SessionWatch(try session([connection])).descriptors
        #expect(v4 >= 0 && v6 >= 0)
        #expect(SessionWatch(nil).descriptors == (-1, -1))
    }

    @Test
    func `never looks where there is nothing to look for`() {
        #expect(SessionWatch(nil).nextLook == .never)
        let session = SSHSession(daemon: "sshd", process: 1, ports: [2222], connections: [], source: .descriptors)
        #expect(SessionWatch(session).nextLook == .never)
    }
}

/// What standard input may be in a session: one end is the agent's, the other the daemon's.
final class TestInput {
    enum Kind {
        case pipe, socket, halfClosedSocket, terminal
    }

    let descriptor: Int32
    private var otherEnd: Int32
    private let kind: Kind

    init(_ kind: Kind) throws(SystemError) {
        self.kind = kind
        var ends: (Int32, Int32) = (-1, -1)
        let result = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
            let ends = unsafe bytes.assumingMemoryBound(to: Int32.self).baseAddress!
            switch kind {
            case .pipe: return unsafe pipe2(ends, O_CLOEXEC)
            case .terminal: return unsafe Self.openTerminal(ends)
            default: return unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, ends)
            }
        }
        (descriptor, otherEnd) = ends
        guard result == 0 else { throw .last }
    }

    private static func openTerminal(_ ends: UnsafeMutablePointer<Int32>) -> Int32 {
        unsafe ends[1] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)
        // ptsname(3) has one buffer for all threads.
        var name = [CChar](repeating: 0, count: 64)
        guard unsafe grantpt(ends[1]) == 0, unsafe unlockpt(ends[1]) == 0, unsafe ptsname_r(ends[1], &name, 64) == 0
        else { return -1 }
        unsafe ends[0] = cf_pcap_open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        return unsafe ends[0] < 0 ? -1 : 0
    }

    deinit {
        close(descriptor)
        if otherEnd >= 0 { close(otherEnd) }
    }

    /// Returns once that is seen: a child that another test is making keeps the descriptor for a moment.
    func closeOtherEnd() {
        if kind == .halfClosedSocket {
            shutdown(otherEnd, Int32(SHUT_WR))
        } else {
            close(otherEnd)
            otherEnd = -1
        }
        var entry = pollfd(fd: descriptor, events: Int16(POLLRDHUP), revents: 0)
        unsafe poll(&entry, 1, 10_000)
    }
}

extension SessionWatch {
    /// Processes that other tests start may hold this one's descriptors for a moment.
    fileprivate func losesSight() -> Bool {
        let limit = MonotonicClock.now() + .seconds(10)
        while look() {
            if MonotonicClock.now() > limit { return false }
            usleep(1000)
        }
        return true
    }

    /// Long enough for those to have gone.
    fileprivate func keepsSight() -> Bool {
        usleep(100_000)
        return look()
    }
}
