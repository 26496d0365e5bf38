import CLinux
import Testing

@testable import Agent

@Suite("The connection on standard output")
struct OutputConnectionTests {
    @Test(arguments: LoopbackConnection.Listener.allCases)
    func `shares its own end if a listener has accepted it`(_ kind: LoopbackConnection.Listener) throws {
        let connection = try LoopbackConnection(kind)
        let found = try #require(OutputConnection(connection.accepted))
        #expect(found.isAccepted)
        #expect(found.sharedEnd == connection.address)
        #expect(found.sharedEnd == found.local)
    }

    @Test(arguments: LoopbackConnection.Listener.allCases)
    func `shares the other end if this side has opened it`(_ kind: LoopbackConnection.Listener) throws {
        let connection = try LoopbackConnection(kind)
        let client = try #require(OutputConnection(connection.descriptors[1]))
        #expect(!client.isAccepted)
        #expect(client.sharedEnd == connection.address)
        #expect(client.sharedEnd == client.remote)
        #expect(OutputConnection(connection.accepted)?.remote == client.local)
    }

    @Test
    func `shares the other end if its listener has gone`() throws {
        let connection = try LoopbackConnection(.v4)
        #expect(shutdown(connection.listener, Int32(SHUT_RDWR)) == 0)
        let found = try #require(OutputConnection(connection.accepted))
        #expect(!found.isAccepted)
        #expect(found.sharedEnd == OutputConnection(connection.descriptors[1])?.local)
    }

    @Test
    func `does not exist for a listener, a datagram socket, a local socket, a pipe or nothing`() throws {
        let connection = try LoopbackConnection(.v4)
        #expect(OutputConnection(connection.listener) == nil)
        let pipe = try TestPipe()
        #expect(OutputConnection(pipe.writeEnd) == nil)
        for (family, type) in [
            (AF_INET, SOCK_DGRAM), (AF_INET6, SOCK_DGRAM), (AF_INET, SOCK_STREAM), (AF_UNIX, SOCK_STREAM),
        ] {
            let socket = FileDescriptor(owning: CLinux.socket(family, Int32(type.rawValue), 0))
            #expect(socket.rawValue >= 0)
            #expect(OutputConnection(socket.rawValue) == nil)
        }
        #expect(OutputConnection(-1) == nil)
    }

    @Test
    func `is logged with both ends`() throws {
        let connection = OutputConnection(
            local: Endpoint(v4: 0x0A4D_0002, port: 40000), remote: Endpoint(high: 0, low: 1, port: 9000),
            isAccepted: false)
        let lines = try logged { connection.report(to: $0) }
        #expect(
            lines == [
                #"level=INFO msg="standard output is a TCP connection, which is left out" "#
                    + "local=10.77.0.2:40000 remote=[::1]:9000"
            ])
    }
}
