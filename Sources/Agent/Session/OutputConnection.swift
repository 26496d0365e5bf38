import CLinux

/// The TCP connection to which standard output leads, as with `> /dev/tcp/HOST/PORT` in bash(1) or `ncat -l --exec`.
///
/// A capture that includes the connection's packets would feed itself without end.
public struct OutputConnection: Equatable {
    /// The address and port of this end.
    let local: Endpoint
    /// The address and port of the other end.
    let remote: Endpoint
    /// Whether a socket of this network namespace listens on the local port, so that the connection was made to it.
    let isAccepted: Bool

    /// Finds the connection of standard output; nil if that is no connected TCP socket over IPv4 or IPv6.
    public static func find() -> OutputConnection? { OutputConnection(STDOUT_FILENO) }

    /// Finds the connection of a socket; nil if `descriptor` is no connected TCP socket over IPv4 or IPv6. The corresponding
    /// C functions are `getsockname` and `getpeername`.
    init?(_ descriptor: Int32) {
        guard Self.isTCP(descriptor), let local = unsafe Endpoint(of: descriptor, from: getsockname),
            let remote = unsafe Endpoint(of: descriptor, from: getpeername)
        else { return nil }
        self.init(
            local: local, remote: remote,
            isAccepted: !SocketTables.sockets { $0.isListening && $0.local.port == local.port }.isEmpty)
    }

    init(local: Endpoint, remote: Endpoint, isAccepted: Bool) {
        self.local = local
        self.remote = remote
        self.isAccepted = isAccepted
    }

    /// The listener's end, whose address and port all connections to the same place share. If two captures go to one
    /// place, neither captures the other's packets.
    var sharedEnd: Endpoint { isAccepted ? local : remote }

    /// Logs that the connection is left out.
    func describe(in log: Log) {
        log.info("standard output is a TCP connection, which is left out") { line in
            line.add("local", local.description)
            line.add("remote", remote.description)
        }
    }

    /// Returns whether a socket is one of TCP or of Multipath TCP, which is TCP on the wire and which Go's listeners accept.
    private static func isTCP(_ socket: Int32) -> Bool {
        let transport = transport(of: socket)
        return transport == Int32(IPPROTO_TCP) || transport == Int32(IPPROTO_MPTCP)
    }

    /// Returns the number of a socket's protocol, such as IPPROTO_TCP; 0 for a local socket, nil for a descriptor that is no
    /// socket. The corresponding C function is `getsockopt` with SO_PROTOCOL.
    static func transport(of socket: Int32) -> Int32? {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &number, &size) == 0 ? number : nil
    }
}

extension Endpoint {
    /// Asks for an end of `socket` with `name`, which is getsockname(2) or getpeername(2); nil if there is none, or its
    /// address family is neither IPv4 nor IPv6.
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
            // An IPv4 address has the place of the IPv6 flow, and the port the same place in both (ip(7), ipv6(7)).
            self.init(v4: UInt32(bigEndian: address.sin6_flowinfo), port: port)
        case (0, AF_INET6):
            // All members of the union are sixteen bytes of numbers.
            let words = unsafe address.sin6_addr.__in6_u.__u6_addr32
            self.init(
                high: UInt64(UInt32(bigEndian: words.0)) << 32 | UInt64(UInt32(bigEndian: words.1)),
                low: UInt64(UInt32(bigEndian: words.2)) << 32 | UInt64(UInt32(bigEndian: words.3)), port: port)
        default: return nil
        }
    }
}
