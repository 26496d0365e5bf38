import CLinux

/// A descriptor that is closed when its owner goes.
struct FileDescriptor: ~Copyable {
    let rawValue: Int32

    init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Opens a file for reading. The corresponding C function is `open`.
    init(reading path: ByteString) throws(SystemError) {
        let descriptor = unsafe path.withCString { unsafe cf_pcap_open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .last }
        rawValue = descriptor
    }

    deinit {
        close(rawValue)
    }

    /// Fills `buffer` from its element `start` on with what stands at `offset`. Returns how many bytes that were; 0 at the
    /// end. The corresponding C function is `pread`.
    func read(into buffer: inout [UInt8], from start: Int = 0, at offset: Int) throws(SystemError) -> Int {
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

/// Reads a whole file, such as one of `/proc`; nil where that fails.
func contents(of path: ByteString) -> [UInt8]? {
    guard let file = try? FileDescriptor(reading: path) else { return nil }
    var result: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
        guard let count = try? file.read(into: &part, at: result.count) else { return nil }
        if count == 0 { return result }
        result.append(contentsOf: part.prefix(count))
    }
}
