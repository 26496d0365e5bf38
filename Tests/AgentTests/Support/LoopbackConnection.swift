import CLinux
import CPcap

@testable import Agent

/// A TCP connection from this process to itself.
final class LoopbackConnection {
    private(set) var descriptors: [Int32]
    let listener: Int32
    let accepted: Int32
    let port: UInt16

    /// The kind of the listening socket.
    enum Listener: CaseIterable {
        /// An IPv4 socket.
        case v4
        /// An IPv6 socket on the wildcard address that also accepts IPv4 connections, as Go's listeners do.
        case dualStack
        /// The same socket, with a client over IPv6.
        case v6
    }

    /// The descriptor of the connection at the listener's end.
    var address: Endpoint {
        isV6 ? Endpoint(high: 0, low: 1, port: port) : Endpoint(v4: 0x7F00_0001, port: port)
    }

    private let isV6: Bool

    init(_ kind: Listener) throws(SystemError) {
        let stream = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let listener = socket(kind == .v4 ? AF_INET : AF_INET6, stream, 0)
        let client = socket(kind == .v6 ? AF_INET6 : AF_INET, stream, 0)
        // An IPv6 socket accepts both, unless net.ipv6.bindv6only is set.
        guard listener >= 0, client >= 0, listen(listener, 4) == 0 else { throw .last }
        let port = Self.port(of: listener)
        guard kind == .v6 ? Self.connectV6(client, to: port) : Self.connect(client, to: port) else { throw .last }
        let accepted = unsafe accept4(listener, __SOCKADDR_ARG(), nil, Int32(SOCK_CLOEXEC.rawValue))
        guard accepted >= 0 else { throw .last }
        self.listener = listener
        self.accepted = accepted
        self.port = port
        isV6 = kind == .v6
        descriptors = [listener, client, accepted]
    }

    deinit {
        close()
    }

    /// Closes all descriptors.
    func close() {
        for descriptor in descriptors { CLinux.close(descriptor) }
        descriptors = []
    }

    /// Closes all descriptors, and waits until the kernel's tables no longer list the connection. A child process of
    /// another test may hold the connection for a moment.
    func closeForAll() throws(SystemError) {
        let inode = Self.inode(of: accepted)
        close()
        var tables = try SocketTables()
        let limit = MonotonicClock.now() + .seconds(10)
        var isListed = true
        while isListed, MonotonicClock.now() < limit {
            isListed = false
            try tables.readAll { if $0.inode == inode { isListed = true } }
            if isListed { usleep(1000) }
        }
    }

    /// Returns the inode number of a descriptor's socket.
    static func inode(of descriptor: Int32) -> UInt64 {
        var information = stat()
        return unsafe fstat(descriptor, &information) == 0 ? UInt64(information.st_ino) : 0
    }

    /// Returns the descriptor of the client's end. The caller closes it.
    func takeClient() -> Int32 {
        descriptors.remove(at: 1)
    }

    private static func port(of socket: Int32) -> UInt16 {
        // The port has the same offset in both families' addresses.
        var name = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        unsafe withUnsafeMutableBytes(of: &name) { name in
            _ = unsafe getsockname(socket, __SOCKADDR_ARG(__sockaddr__: Self.address(name)), &size)
        }
        return UInt16(bigEndian: name.sin6_port)
    }

    private static func connect(_ socket: Int32, to port: UInt16) -> Bool {
        var peer = sockaddr_in()
        peer.sin_family = sa_family_t(AF_INET)
        peer.sin_port = port.bigEndian
        peer.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe withUnsafeMutableBytes(of: &peer) { unsafe connect(socket, toName: $0) }
    }

    private static func connectV6(_ socket: Int32, to port: UInt16) -> Bool {
        var peer = sockaddr_in6()
        peer.sin6_family = sa_family_t(AF_INET6)
        peer.sin6_port = port.bigEndian
        unsafe peer.sin6_addr.__in6_u.__u6_addr8.15 = 1
        return unsafe withUnsafeMutableBytes(of: &peer) { unsafe connect(socket, toName: $0) }
    }

    private static func connect(_ socket: Int32, toName name: UnsafeMutableRawBufferPointer) -> Bool {
        let address = unsafe __CONST_SOCKADDR_ARG(__sockaddr__: Self.address(name))
        return unsafe CLinux.connect(socket, address, socklen_t(name.count)) == 0
    }

    private static func address(_ bytes: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<sockaddr> {
        unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!
    }
}

extension SSHSession {
    /// Creates the session of a daemon that holds connections.
    init(connections: [LoopbackConnection]) throws(SystemError) {
        let inodes = connections.map { LoopbackConnection.inode(of: $0.accepted) }
        var sockets: [TCPSocket] = []
        var tables = try SocketTables()
        // A row may be read twice if rows before it change meanwhile.
        try tables.readAll { if inodes.contains($0.inode), !sockets.contains($0) { sockets.append($0) } }
        self.init(
            daemon: "sshd", pid: 1, ports: connections.map { $0.port }, connections: sockets, evidence: .descriptors)
    }
}
