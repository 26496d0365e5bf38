@testable import Agent

/// Files of test data.
enum Fixture {
    struct Missing: Error {
        let path: String
    }

    /// Returns the bytes of a file of `/proc` that was kept from a real system, or of another file of Tests/Fixtures.
    static func bytes(_ name: String, from here: String = #filePath) throws -> [UInt8] {
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        for folder in ["Fixtures/proc", "Fixtures"] {
            if let bytes = contents(of: ByteString(text: "\(tests)/\(folder)/\(name)")) { return bytes }
        }
        throw Missing(path: "\(tests)/Fixtures/\(name)")
    }

    /// Returns the sockets of a table.
    static func sockets(_ name: String) throws -> [TCPSocket] {
        try SocketTable.sockets(bytes(name))
    }
}

extension SocketTable {
    /// Returns all sockets of a whole table.
    static func sockets(_ table: some Collection<UInt8>) -> [TCPSocket] {
        var rest = [UInt8](table)[...]
        var sockets: [TCPSocket] = []
        removeRows(from: &rest) { sockets.append($0) }
        return sockets
    }
}
