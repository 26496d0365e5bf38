import CLinux

@testable import Agent

/// A file without a name. The kernel deletes it when its last descriptor is closed.
final class TemporaryFile {
    let descriptor: Int32

    /// Creates an empty file, open for reading and writing.
    ///
    /// - Parameter flags: Further flags of open(2).
    init(_ contents: [UInt8] = [], flags: Int32 = 0) throws(SystemError) {
        // Swift does not import open(2) with a mode, which O_TMPFILE needs.
        guard let stream = unsafe tmpfile() else { throw .last }
        let path = "/proc/self/fd/\(unsafe fileno(stream))"
        descriptor = unsafe ByteString(text: path).withCString { unsafe cf_pcap_open($0, O_RDWR | flags) }
        unsafe fclose(stream)
        guard descriptor >= 0 else { throw .last }
        if !contents.isEmpty { write(contents) }
    }

    deinit {
        close(descriptor)
    }

    func write(_ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { unsafe CLinux.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Opens the file again. The new descriptor has its own position.
    func opened(flags: Int32) -> Int32 {
        unsafe ByteString(text: "/proc/self/fd/\(descriptor)").withCString { unsafe cf_pcap_open($0, flags) }
    }

    var position: Int { lseek(descriptor, 0, SEEK_CUR) }

    var contents: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        return [UInt8](bytes.prefix(max(count, 0)))
    }
}
