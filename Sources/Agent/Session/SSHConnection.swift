/// The connection that `SSH_CONNECTION` names: client address, client port, server address, server port (ssh(1)).
struct SSHConnection: Equatable {
    let client: Endpoint
    let server: Endpoint

    /// Parses the variable's value; nil if it is anything else.
    init?(_ text: ByteString) {
        let fields = text.bytes.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard fields.count == 4, let client = Endpoint(address: fields[0], port: fields[1]),
            let server = Endpoint(address: fields[2], port: fields[3])
        else { return nil }
        self.client = client
        self.server = server
    }

    /// Returns whether `socket` is the server's end of the connection.
    func isConnection(_ socket: TCPSocket) -> Bool {
        socket.isConnected && socket.local == server && socket.remote == client
    }
}
