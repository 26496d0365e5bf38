import CLinux

/// `/proc/net/tcp` or `/proc/net/tcp6`, kept open. Reading it again shows the sockets as they are then, in the network
/// namespace of the process at the time of opening.
struct SocketTableFile: ~Copyable {
    private let file: FileDescriptor
    private var buffer: [UInt8]

    enum Family {
        case v4, v6
    }

    init(_ family: Family) throws(SystemError) {
        file = try FileDescriptor(reading: family == .v4 ? "/proc/net/tcp" : "/proc/net/tcp6")
        buffer = [UInt8](repeating: 0, count: 32_768)
    }

    var descriptor: Int32 { file.rawValue }

    /// Calls `body` with every socket. Takes no memory.
    mutating func readAll(_ body: (TCPSocket) -> Void) throws(SystemError) {
        var offset = 0
        var kept = 0
        while true {
            let count = try file.read(into: &buffer, from: kept, at: offset)
            if count == 0 { return }
            offset += count
            let end = kept + count
            let left = unsafe buffer.withUnsafeBufferPointer { buffer in
                // Not slices of the array: each would count references, which costs more than reading the row.
                var rest = unsafe buffer[..<end]
                unsafe SocketTable.removeRows(from: &rest, body)
                return unsafe rest.count
            }
            // A row of the kernel's is far shorter than the buffer; what fills it without a newline is none.
            kept = left < buffer.count ? left : 0
            for index in 0..<kept { buffer[index] = buffer[end - kept + index] }
        }
    }
}
