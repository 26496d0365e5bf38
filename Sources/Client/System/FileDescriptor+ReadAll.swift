extension FileDescriptor {
    /// Reads all bytes up to the end. Throws `Errno.fileTooLarge` behind the limit, which is in bytes.
    func readAll(limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                count = try unsafe read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if part.isEmpty { return bytes }
            bytes += part
            guard bytes.count <= limit else { throw Errno.fileTooLarge }
        }
    }
}
