import CLinux

/// The TCP connection of standard output, as with `> /dev/tcp/HOST/PORT` in bash(1) or `ncat -l --exec`.
///
/// A capture must exclude the connection: each packet that is written would be captured and make another.
public struct OutputConnection: Equatable {
    /// This end of the connection.
    let local: Endpoint
    /// The other end of the connection.
    let remote: Endpoint
    /// Whether the other end has opened the connection, to a listening socket of this network namespace.
    let isAccepted: Bool

    /// Returns the connection of standard output, or nil if standard output is no connected TCP socket.
    public static func find() -> OutputConnection? { OutputConnection(STDOUT_FILENO) }

    /// Creates the description of a socket's connection.
    ///
    /// - Returns: nil if the descriptor is no connected TCP socket over IPv4 or IPv6.
    ///
    /// The corresponding C functions are `getsockname` and `getpeername`.
    init?(_ descriptor: Int32) {
        guard Self.isTCP(descriptor), let local = unsafe Endpoint(of: descriptor, from: getsockname),
            let remote = unsafe Endpoint(of: descriptor, from: getpeername)
        else { return nil }
        self.init(
            local: local, remote: remote,
            isAccepted: !SocketTables.sockets { $0.isListening && $0.local.port == local.port }.isEmpty)
    }

    /// Creates a description from its parts.
    init(local: Endpoint, remote: Endpoint, isAccepted: Bool) {
        self.local = local
        self.remote = remote
        self.isAccepted = isAccepted
    }

    /// The listener's end, which all connections to the same listener share.
    var sharedEnd: Endpoint { isAccepted ? local : remote }

    /// Logs that the connection is excluded.
    func report(to log: Log) {
        log.info("standard output is a TCP connection, which is left out") { line in
            line.add("local", local.description)
            line.add("remote", remote.description)
        }
    }

    /// Returns whether a socket uses TCP or Multipath TCP, which Go's listeners accept and which is TCP on the wire.
    private static func isTCP(_ socket: Int32) -> Bool {
        let transport = transport(of: socket)
        return transport == Int32(IPPROTO_TCP) || transport == Int32(IPPROTO_MPTCP)
    }

    /// Returns the number of a socket's protocol, such as IPPROTO_TCP.
    ///
    /// - Returns: The number, 0 for a local socket, or nil if the descriptor is no socket.
    ///
    /// The corresponding C function is `getsockopt` with SO_PROTOCOL.
    static func transport(of socket: Int32) -> Int32? {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &number, &size) == 0 ? number : nil
    }
}

extension Endpoint {
    /// Creates the endpoint of one end of a socket's connection.
    ///
    /// - Parameters:
    ///   - socket: The socket.
    ///   - name: The C function that returns the end: `getsockname` or `getpeername`.
    /// - Returns: nil if the call fails, or the address is neither an IPv4 nor an IPv6 address.
    fileprivate init?(
        of socket: Int32, from name: (Int32, __SOCKADDR_ARG, UnsafeMutablePointer<socklen_t>?) -> Int32
    ) {
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let status = unsafe withUnsafeMutableBytes(of: &address) { bytes in
            // The kernel writes as much of an address of any family as `size` says.
            let general = unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            return unsafe name(socket, __SOCKADDR_ARG(__sockaddr__: general), &size)
        }
        let port = UInt16(bigEndian: address.sin6_port)
        switch (status, Int32(address.sin6_family)) {
        case (0, AF_INET):
            // An IPv4 address has the offset of the IPv6 flow label, and the port has one offset in both (ip(7),
            // ipv6(7)).
            self.init(v4: UInt32(bigEndian: address.sin6_flowinfo), port: port)
        case (0, AF_INET6):
            // Each member of the union is sixteen bytes of integers.
            let words = unsafe address.sin6_addr.__in6_u.__u6_addr32
            self.init(
                high: UInt64(UInt32(bigEndian: words.0)) << 32 | UInt64(UInt32(bigEndian: words.1)),
                low: UInt64(UInt32(bigEndian: words.2)) << 32 | UInt64(UInt32(bigEndian: words.3)), port: port)
        default: return nil
        }
    }
}
