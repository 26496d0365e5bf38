@testable import Agent

/// Files of `/proc` that were kept from real systems.
enum Fixture {
    struct Missing: Error {
        let path: String
    }

    static func bytes(_ name: String, from here: String = #filePath) throws -> [UInt8] {
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let path = "\(tests)/Fixtures/proc/\(name)"
        guard let bytes = contents(of: ByteString(text: path)) else { throw Missing(path: path) }
        return bytes
    }

    /// The sockets of a table.
    static func sockets(_ name: String) throws -> [TCPSocket] {
        try SocketTable.sockets(bytes(name))
    }
}

extension SocketTable {
    /// All sockets of a whole table.
    static func sockets(_ table: some Collection<UInt8>) -> [TCPSocket] {
        var rest = [UInt8](table)[...]
        var sockets: [TCPSocket] = []
        removeRows(from: &rest) { sockets.append($0) }
        return sockets
    }
}
