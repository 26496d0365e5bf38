import CLinux

@testable import Agent

/// A file without a name, which the kernel deletes with its last descriptor.
final class TemporaryFile {
    let descriptor: Int32

    /// `flags` are those of open(2), to which O_RDWR is added.
    init(_ contents: [UInt8] = [], flags: Int32 = 0) throws(SystemError) {
        // O_TMPFILE would need open(2) with a mode, which Swift does not import.
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

    /// Opens a second descriptor of the file, with a position of its own.
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
