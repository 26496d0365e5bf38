import CLinux

/// The standard streams and the other descriptors that the process has inherited.
public enum StandardStreams {
    /// Whether standard output and standard error lead to the same file, pipe or socket, as with `2>&1` and often with
    /// nohup(1). The corresponding C function is `fstat`.
    public static var areShared: Bool {
        var (output, error) = (stat(), stat())
        guard unsafe fstat(STDOUT_FILENO, &output) == 0, unsafe fstat(STDERR_FILENO, &error) == 0 else { return false }
        return output.st_dev == error.st_dev && output.st_ino == error.st_ino && !output.isDevice
    }

    /// Closes all inherited descriptors but the standard streams, and opens an unusable one for each standard stream that
    /// is closed, so that nothing that is opened later takes its number. Throws if a descriptor may still be open.
    /// The corresponding C functions are `open` and `close`.
    public static func sanitizeDescriptors() throws(Failure) {
        // open(2) returns the lowest number that is free. A directory always exists, and with O_PATH it can be neither read
        // nor written.
        var last: Int32
        repeat {
            last = unsafe cf_pcap_open("/", O_PATH)
        } while (0...STDERR_FILENO).contains(last)
        guard last >= 0, OpenDescriptors.closeAll() else {
            throw Failure("failed to close inherited descriptors: \(SystemError.last.description); is /proc mounted?")
        }
    }

    /// Opens standard output and standard error anew and non-blocking if they are pipes or terminals, because other
    /// processes share the inherited open file descriptions. Leaves alone what belongs to another user, which cannot be
    /// opened. The corresponding C functions are `open` (on `/proc/self/fd`) and `dup2`.
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
