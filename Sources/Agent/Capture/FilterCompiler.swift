import CLinux
import CPcap

/// Compiles filters in a child process that has neither privileges nor the packet socket.
///
/// An expression may name hosts, and resolving them may load code that the container's owner chose (nsswitch.conf(5)).
/// That code must not get hold of a socket on which it could send any packet it likes.
public struct FilterCompiler: ~Copyable {
    private let child: pid_t
    private let results: FileDescriptor

    /// More than libpcap's largest program takes.
    private static let largestResult = 16 << 20

    /// How the wait for the filter ended.
    public enum Outcome {
        case compiled(Filter)
        /// A stop signal came first.
        case interrupted
    }

    /// Compiles the user's expression together with what is excluded, for the link type of `capture`.
    ///
    /// Privileges must have been dropped. Throws where the expression cannot be used, in the words of the user's part.
    public static func compile(
        _ expression: ByteString, without exclusion: Exclusion?, for capture: borrowing Capture
    ) throws(SetupFailure) -> Outcome {
        let compiler = try start(expression, without: exclusion, for: capture)
        return try compiler.wait()
    }

    private init(child: pid_t, results: Int32) {
        self.child = child
        self.results = FileDescriptor(owning: results)
    }

    /// The corresponding C functions are `pipe2` and `fork`.
    private static func start(
        _ expression: ByteString, without exclusion: Exclusion?, for capture: borrowing Capture
    ) throws(SetupFailure) -> FilterCompiler {
        var ends: (Int32, Int32) = (-1, -1)
        let isOpen = unsafe withUnsafeMutableBytes(of: &ends) { ends in
            unsafe cf_pcap_pipe(ends.assumingMemoryBound(to: Int32.self).baseAddress) == 0
        }
        guard isOpen else { throw systemFailure() }
        guard MemoryMap.withholdSharedFromChildren() else {
            throw SetupFailure(
                "failed to keep the capture from the process that compiles the filter: is /proc mounted?")
        }
        let parent = getpid()
        let child = fork()
        if child == 0 { unsafe FilterChild.run(expression, exclusion, capture.handle, results: ends.1, parent: parent) }
        close(ends.1)
        guard child > 0 else { throw systemFailure() }
        return FilterCompiler(child: child, results: ends.0)
    }

    private consuming func wait() throws(SetupFailure) -> Outcome {
        let result = try readResult()
        // It has nothing left to do; code that it loaded may think otherwise.
        kill(child, SIGKILL)
        let status = reap()
        guard let result else { return .interrupted }
        switch FilterReply(result) {
        case .program(let filter): return .compiled(filter)
        case .rejection(let message): throw SetupFailure(message)
        case nil:
            let signal = cf_pcap_ending_signal(status)
            let end: ByteString = signal > 0 ? "signal \(signal)" : "status \(cf_pcap_exit_status(status))"
            throw SetupFailure("failed to compile the filter: the process that compiles it ended with \(end)")
        }
    }

    /// All that the child writes; nil when a stop signal arrives first.
    private borrowing func readResult() throws(SetupFailure) -> [UInt8]? {
        var result: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while result.count <= Self.largestResult {
            var entry = pollfd(fd: results.rawValue, events: Int16(POLLIN), revents: 0)
            if unsafe cf_pcap_wait(&entry, 1, -1) < 0 {
                if Signals.isStopPending { return nil }
                continue
            }
            let count = unsafe part.withUnsafeMutableBytes { unsafe read(results.rawValue, $0.baseAddress, $0.count) }
            if count == 0 { break }
            guard count > 0 else { throw Self.systemFailure() }
            result.append(contentsOf: part.prefix(count))
        }
        return result
    }

    /// The child's status. The corresponding C function is `waitpid`.
    private borrowing func reap() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, cf_pcap_errno() == EINTR {}
        return status
    }

    private static func systemFailure() -> SetupFailure {
        SetupFailure("failed to compile the filter: \(SystemError.last.description)")
    }
}
