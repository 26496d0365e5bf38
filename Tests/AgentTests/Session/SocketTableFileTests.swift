import CLinux
import Testing

@testable import Agent

@Suite("The kernel's socket tables", .serialized)
struct SocketTableFileTests {
    @Test(arguments: LoopbackConnection.Listener.allCases)
    func `have a connection of this process, wherever its listener was opened`(
        _ kind: LoopbackConnection.Listener
    ) throws {
        let connection = try LoopbackConnection(kind)
        var table = try SocketTableFile(kind.table)
        var sockets: [TCPSocket] = []
        try table.readAll { sockets.append($0) }

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
    func `are read to the end when they are larger than the buffer`() throws {
        var connections: [LoopbackConnection] = []
        // Three sockets each, 150 bytes a row.
        for _ in 0..<120 { connections.append(try LoopbackConnection(.v4)) }
        var expected: [UInt64] = []
        for connection in connections { expected += connection.descriptors.map { LoopbackConnection.inode(of: $0) } }

        var table = try SocketTableFile(.v4)
        for _ in 0..<2 {
            var found: [UInt64] = []
            try table.readAll { found.append($0.inode) }
            #expect(expected.allSatisfy { inode in found.count { $0 == inode } == 1 })
        }
    }
}
