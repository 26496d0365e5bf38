@testable import Agent

/// The files in Tests/Fixtures.
enum Fixture {
    struct Missing: Error {
        let path: String
    }

    /// Returns the bytes of a file, such as a copy of a file in `/proc` of a real system.
    static func bytes(_ name: String, from here: String = #filePath) throws -> [UInt8] {
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        for folder in ["Fixtures/proc", "Fixtures"] {
            if let bytes = contents(of: ByteString(text: "\(tests)/\(folder)/\(name)")) { return bytes }
        }
        throw Missing(path: "\(tests)/Fixtures/\(name)")
    }

    /// Returns the sockets in a file.
    static func sockets(_ name: String) throws -> [TCPSocket] {
        try SocketTable.sockets(bytes(name))
    }
}

extension SocketTable {
    /// Returns all sockets of a table.
    static func sockets(_ table: some Collection<UInt8>) -> [TCPSocket] {
        var rest = [UInt8](table)[...]
        var sockets: [TCPSocket] = []
        removeRows(from: &rest) { sockets.append($0) }
        return sockets
    }
}
