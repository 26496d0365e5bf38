import CLinux

/// A file descriptor that is closed when its value is destroyed.
struct FileDescriptor: ~Copyable {
    /// The number of the descriptor; -1 if there is none.
    let rawValue: Int32

    /// Takes over an open descriptor, or -1 for none.
    init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Opens a file for reading. Programs that the process executes do not inherit the descriptor.
    ///
    /// - Throws: The error of the failed call.
    ///
    /// The corresponding C function is `open`.
    init(reading path: ByteString) throws(SystemError) {
        let descriptor = unsafe path.withCString { unsafe cf_pcap_open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .last }
        rawValue = descriptor
    }

    deinit {
        close(rawValue)
    }

    /// Reads from a file without moving its position.
    ///
    /// - Parameters:
    ///   - offset: The offset in the file, in bytes.
    ///   - buffer: The memory for the bytes.
    ///   - start: The index in `buffer` for the first byte.
    /// - Returns: The number of bytes read; 0 at the end of the file.
    /// - Throws: The error of the failed call, but not EINTR, after which the read is repeated.
    ///
    /// The corresponding C function is `pread`.
    func read(
        fromAbsoluteOffset offset: Int, into buffer: inout [UInt8], at start: Int = 0
    ) throws(SystemError) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
                return unsafe pread(rawValue, rest.baseAddress, rest.count, off_t(offset))
            }
            if count >= 0 { return count }
            if cf_pcap_errno() != EINTR { throw .last }
        }
    }
}

/// Returns all bytes of a file, such as one of `/proc`, or nil if the file cannot be read.
func contents(of path: ByteString) -> [UInt8]? {
    guard let file = try? FileDescriptor(reading: path) else { return nil }
    var result: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
        guard let count = try? file.read(fromAbsoluteOffset: result.count, into: &part) else { return nil }
        if count == 0 { return result }
        result.append(contentsOf: part.prefix(count))
    }
}
