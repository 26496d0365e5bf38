import CLinux

/// The connection that `SSH_CONNECTION` names: client address, client port, server address, server port (ssh(1)).
struct SSHConnection: Equatable {
    let client: Endpoint
    let server: Endpoint

    init?(_ text: ByteString) {
        let fields = text.bytes.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard fields.count == 4, let client = Endpoint(address: fields[0], port: fields[1]),
            let server = Endpoint(address: fields[2], port: fields[3])
        else { return nil }
        self.client = client
        self.server = server
    }

    /// Whether `socket` is the server's end of it.
    func isConnection(_ socket: TCPSocket) -> Bool {
        socket.isConnected && socket.local == server && socket.remote == client
    }
}

extension Endpoint {
    /// `ADDRESS:PORT`, IPv6 addresses in brackets. The corresponding C function is `inet_ntop`.
    var description: ByteString {
        var v4 = UInt32(truncatingIfNeeded: low).bigEndian
        var v6 = (high.bigEndian, low.bigEndian)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let isV4 = high == 0 && low >> 32 == 0xFFFF
        return unsafe text.withUnsafeMutableBufferPointer { text in
            let size = socklen_t(text.count)
            let address =
                isV4
                ? unsafe inet_ntop(AF_INET, &v4, text.baseAddress, size)
                : unsafe inet_ntop(AF_INET6, &v6, text.baseAddress, size)
            // It is null only for a family that is not known, or too little room.
            let name = unsafe ByteString(cString: address!)
            return isV4 ? "\(name):\(port)" : "[\(name)]:\(port)"
        }
    }

    /// An address in the text form of inet_pton(3), with or without `%` and a zone, and a decimal port.
    init?(address: some Collection<UInt8>, port: some Collection<UInt8>) {
        guard let port = port.decimal(upTo: UInt64(UInt16.max)) else { return nil }
        let text = ByteString(address.prefix { $0 != UInt8(ascii: "%") })
        var v4: UInt32 = 0
        var v6: (UInt64, UInt64) = (0, 0)
        if unsafe text.withCString({ unsafe inet_pton(AF_INET, $0, &v4) }) == 1 {
            self.init(v4: UInt32(bigEndian: v4), port: UInt16(port))
        } else if unsafe text.withCString({ unsafe inet_pton(AF_INET6, $0, &v6) }) == 1 {
            self.init(high: UInt64(bigEndian: v6.0), low: UInt64(bigEndian: v6.1), port: UInt16(port))
        } else {
            return nil
        }
    }
}
