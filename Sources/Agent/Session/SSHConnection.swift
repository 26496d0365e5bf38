/// The connection in the variable `SSH_CONNECTION`, which OpenSSH's daemon sets (ssh(1)).
struct SSHConnection: Equatable {
    let client: Endpoint
    let server: Endpoint

    /// Parses `CLIENT-ADDRESS CLIENT-PORT SERVER-ADDRESS SERVER-PORT`. Returns nil if the text has another form.
    init?(_ text: ByteString) {
        let fields = text.bytes.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard fields.count == 4, let client = Endpoint(address: fields[0], port: fields[1]),
            let server = Endpoint(address: fields[2], port: fields[3])
        else { return nil }
        self.client = client
        self.server = server
    }

    /// Returns whether a socket is the server's end of the connection, and the connection still exists.
    func isConnection(_ socket: TCPSocket) -> Bool {
        socket.isConnected && socket.local == server && socket.remote == client
    }
}
