import CLinux

/// Asks the kernel what became of a connection, at a cost that does not depend on how many sockets there are.
struct SocketLookup: ~Copyable {
    private let socket: FileDescriptor

    /// Throws where the kernel offers none. The corresponding C function is `socket` with NETLINK_SOCK_DIAG.
    init() throws(SystemError) {
        let descriptor = cf_pcap_open_sock_diag()
        guard descriptor >= 0 else { throw .last }
        socket = FileDescriptor(owning: descriptor)
    }

    var descriptor: Int32 { socket.rawValue }

    /// Whether a process holds `connection`, and not a later one between the same ends. Nil where the kernel does not say.
    func isAlive(_ connection: TCPSocket) -> Bool? {
        var ends = cf_pcap_connection(connection)
        var state: UInt8 = 0
        var inode: UInt32 = 0
        switch unsafe cf_pcap_look_up_socket(descriptor, &ends, &state, &inode) {
        case 0: break
        case ENOENT: return false
        default: return nil
        }
        let found = TCPSocket(local: connection.local, remote: connection.remote, state: state, inode: UInt64(inode))
        return found.isConnected && found.inode == connection.inode
    }
}

extension cf_pcap_connection {
    fileprivate init(_ socket: TCPSocket) {
        self.init()
        let isV4 = socket.local.isV4 && socket.remote.isV4
        family = isV4 ? AF_INET : AF_INET6
        unsafe withUnsafeMutableBytes(of: &local) { unsafe socket.local.copyAddress(to: $0, isV4: isV4) }
        unsafe withUnsafeMutableBytes(of: &remote) { unsafe socket.remote.copyAddress(to: $0, isV4: isV4) }
        local_port = socket.local.port.bigEndian
        remote_port = socket.remote.port.bigEndian
    }
}

extension Endpoint {
    /// Puts the address into the first bytes of `bytes` in network order: 4 of them, or 16.
    fileprivate func copyAddress(to bytes: UnsafeMutableRawBufferPointer, isV4: Bool) {
        if isV4 {
            unsafe bytes.storeBytes(of: UInt32(truncatingIfNeeded: low).bigEndian, as: UInt32.self)
        } else {
            unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
    }
}
