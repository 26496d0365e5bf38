import CLinux

/// The descriptors that the process was started with.
public enum StandardStreams {
    /// Whether standard output and standard error lead to the same file, pipe or socket, as behind `2>&1` and often
    /// behind nohup(1). The corresponding C function is `fstat`.
    public static var areShared: Bool {
        var (output, error) = (stat(), stat())
        guard unsafe fstat(STDOUT_FILENO, &output) == 0, unsafe fstat(STDERR_FILENO, &error) == 0 else { return false }
        return output.st_dev == error.st_dev && output.st_ino == error.st_ino && !output.isDevice
    }

    /// Gives both outputs, where they are pipes or terminals, open file descriptions of their own that never wait: those
    /// that they were given are shared with others. What is another user's cannot be opened again, and keeps the one that
    /// it has. The corresponding C functions are `open` (on `/proc/self/fd`) and `dup2`.
    public static func separate() {
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            var information = stat()
            guard unsafe fstat(descriptor, &information) == 0 else { continue }
            guard information.isPipe || isatty(descriptor) != 0 else { continue }
            let path: ByteString = "/proc/self/fd/\(descriptor)"
            let own = unsafe path.withCString { unsafe cf_pcap_open($0, O_WRONLY | O_NONBLOCK | O_NOCTTY) }
            guard own >= 0 else { continue }
            dup2(own, descriptor)
            close(own)
        }
    }

    /// Puts something that can be neither read nor written in the place of each standard stream that is closed, so that
    /// nothing opened later takes its number, and closes all other descriptors. Throws where some may still be open.
    /// The corresponding C functions are `open` and `close`.
    public static func secure() throws(Failure) {
        // open(2) gives the lowest number that is free. A directory always exists, with O_PATH it is open for nothing.
        var last: Int32
        repeat {
            last = unsafe cf_pcap_open("/", O_PATH)
        } while (0...STDERR_FILENO).contains(last)
        guard last >= 0, OpenDescriptors.closeAll() else {
            throw Failure("failed to close inherited descriptors: \(SystemError.last.description); is /proc mounted?")
        }
    }
}
