import CLinux
import Testing

@testable import Agent

@Suite("The kernel's socket tables", .serialized)
struct SocketTablesTests {
    @Test(arguments: LoopbackConnection.Listener.allCases)
    func `list a connection of this process, whichever kind of listener accepted it`(
        _ kind: LoopbackConnection.Listener
    ) throws {
        let connection = try LoopbackConnection(kind)
        var tables = try SocketTables()
        var sockets: [TCPSocket] = []
        try tables.readAll { sockets.append($0) }

        let inode = LoopbackConnection.inode(of: connection.accepted)
        let accepted = try #require(sockets.first { $0.inode == inode })
        #expect(accepted.isConnected)
        #expect(accepted.local == connection.address)
        let listener = try #require(
            sockets.first { $0.inode == LoopbackConnection.inode(of: connection.listener) })
        #expect(listener.isListening)
        #expect(listener.local.port == connection.port)
    }

    @Test
    func `are read to the end if they are larger than the buffer`() throws {
        var connections: [LoopbackConnection] = []
        // Each connection has three sockets, and each row 150 bytes.
        for number in 0..<120 { connections.append(try LoopbackConnection(number % 2 == 0 ? .v4 : .v6)) }
        var expected: [UInt64] = []
        for connection in connections { expected += connection.descriptors.map { LoopbackConnection.inode(of: $0) } }

        // A row may be missed or come twice if other processes open or close sockets meanwhile.
        var tables = try SocketTables()
        var complete = 0
        for _ in 0..<50 where complete < 2 {
            var found: [UInt64] = []
            try tables.readAll { found.append($0.inode) }
            if expected.allSatisfy({ inode in found.count { $0 == inode } == 1 }) { complete += 1 }
        }
        #expect(complete == 2)
    }

    @Test
    func `are two files that are open for reading`() throws {
        let tables = try SocketTables()
        let paths = [tables.descriptors.v4, tables.descriptors.v6].map { descriptor in
            unsafe String(cString: realpath("/proc/self/fd/\(descriptor)", nil)).split(separator: "/").last
        }
        #expect(paths == ["tcp", "tcp6"])
    }
}
