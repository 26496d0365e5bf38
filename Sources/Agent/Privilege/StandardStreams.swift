import CLinux

/// The standard streams and other inherited descriptors of this process.
public enum StandardStreams {
    /// Whether standard output and standard error lead to the same file, pipe or socket, as with `2>&1`. False for a
    /// device.
    ///
    /// The corresponding C function is `fstat`.
    public static var areShared: Bool {
        var (output, error) = (stat(), stat())
        guard unsafe fstat(STDOUT_FILENO, &output) == 0, unsafe fstat(STDERR_FILENO, &error) == 0 else { return false }
        return output.st_dev == error.st_dev && output.st_ino == error.st_ino && !output.isDevice
    }

    /// Closes inherited descriptors, and opens each standard stream that is closed.
    ///
    /// Standard input, output and error stay open as they are. A standard stream that is closed gets a descriptor that
    /// can be neither read nor written, so that a descriptor opened later does not become a standard stream.
    ///
    /// - Throws: A failure if an inherited descriptor may still be open.
    ///
    /// The corresponding C functions are `open` and `close`.
    public static func sanitizeDescriptors() throws(Failure) {
        // open(2) returns the lowest free number. O_PATH allows neither reading nor writing.
        var last: Int32
        repeat {
            last = unsafe cf_pcap_open("/", O_PATH)
        } while (0...STDERR_FILENO).contains(last)
        guard last >= 0, OpenDescriptors.closeAll() else {
            throw Failure("failed to close inherited descriptors: \(SystemError.last.description); is /proc mounted?")
        }
    }

    /// Opens standard output and standard error again, non-blocking, if they are pipes or terminals.
    ///
    /// Setting the inherited descriptors to non-blocking would affect other processes, which share the open file
    /// description. A stream of another user cannot be opened again and stays as it is.
    ///
    /// The corresponding C functions are `open` (on `/proc/self/fd`) and `dup2`.
    public static func reopenNonblocking() {
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            var fileStatus = stat()
            guard unsafe fstat(descriptor, &fileStatus) == 0 else { continue }
            guard fileStatus.isPipe || isatty(descriptor) != 0 else { continue }
            let path: ByteString = "/proc/self/fd/\(descriptor)"
            let own = unsafe path.withCString { unsafe cf_pcap_open($0, O_WRONLY | O_NONBLOCK | O_NOCTTY) }
            guard own >= 0 else { continue }
            dup2(own, descriptor)
            close(own)
        }
    }
}
