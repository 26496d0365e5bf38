import CLinux

/// The kernel's tables of TCP sockets, `/proc/net/tcp` and `/proc/net/tcp6`.
///
/// The files stay open, because the sandbox allows reading but not opening. They show the network namespace of the
/// process that has opened them.
struct SocketTables: ~Copyable {
    /// The descriptor of `/proc/net/tcp`.
    private let v4: FileDescriptor
    /// The descriptor of `/proc/net/tcp6`.
    private let v6: FileDescriptor
    /// The memory for a part of a table.
    private var buffer: [UInt8]

    /// Opens both tables.
    ///
    /// - Throws: The error, if a table exists and cannot be opened.
    init() throws(SystemError) {
        let v4 = try Self.open("/proc/net/tcp")
        let v6 = try Self.open("/proc/net/tcp6")
        self.v4 = v4
        self.v6 = v6
        buffer = [UInt8](repeating: 0, count: 32_768)
    }

    /// Opens a table. Returns a descriptor of -1 if the table does not exist, because the kernel does not support the
    /// address family.
    private static func open(_ path: ByteString) throws(SystemError) -> FileDescriptor {
        do {
            return try FileDescriptor(reading: path)
        } catch  where error.number == ENOENT {
            return FileDescriptor(owning: -1)
        }
    }

    /// The descriptors of the tables; -1 for a table that does not exist.
    var descriptors: (v4: Int32, v6: Int32) { (v4.rawValue, v6.rawValue) }

    /// Reads both tables, and calls `body` with each socket.
    ///
    /// May miss a socket or return it twice, if rows change between the reads of two parts of a table.
    ///
    /// - Throws: The error, if a table cannot be read.
    ///
    /// The corresponding C function is `pread`.
    mutating func readAll(_ body: (TCPSocket) -> Void) throws(SystemError) {
        if v4.rawValue >= 0 { try Self.read(v4, through: &buffer, body) }
        if v6.rawValue >= 0 { try Self.read(v6, through: &buffer, body) }
    }

    /// Returns the sockets that `isWanted` accepts; none if the tables cannot be read.
    static func sockets(where isWanted: (TCPSocket) -> Bool) -> [TCPSocket] {
        var sockets: [TCPSocket] = []
        if var tables = try? SocketTables() { try? tables.readAll { if isWanted($0) { sockets.append($0) } } }
        return sockets
    }

    /// Reads a table in parts, and calls `body` with each socket.
    private static func read(
        _ file: borrowing FileDescriptor, through buffer: inout [UInt8], _ body: (TCPSocket) -> Void
    ) throws(SystemError) {
        var offset = 0
        var kept = 0
        while true {
            let count = try file.read(fromAbsoluteOffset: offset, into: &buffer, at: kept)
            if count == 0 { return }
            offset += count
            let end = kept + count
            let left = unsafe buffer.withUnsafeBufferPointer { buffer in
                // Slices of the buffer count no references. Slices of the array would, at a higher cost than the
                // reading.
                var rest = unsafe buffer[..<end]
                unsafe SocketTable.removeRows(from: &rest, body)
                return unsafe rest.count
            }
            // The kernel's rows are far shorter than the buffer, so bytes that fill the buffer are no row.
            kept = left < buffer.count ? left : 0
            for index in 0..<kept { buffer[index] = buffer[end - kept + index] }
        }
    }
}
