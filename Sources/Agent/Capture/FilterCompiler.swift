import CLinux
import CPcap

/// Compiles filters in a child process that has neither privileges nor the packet socket.
///
/// An expression may name hosts, and resolving them may load code that the container's owner chose (nsswitch.conf(5)).
/// That code must not get hold of a socket on which it could send any packet it likes.
public struct FilterCompiler: ~Copyable {
    private let child: pid_t
    private let results: FileDescriptor
    private let allowsLoops: Bool

    /// How the wait for the filter ended.
    public enum Outcome {
        case compiled(Filter)
        /// A stop signal came first, by its name.
        case interrupted(ByteString)
    }

    /// Compiles the user's expression together with what is excluded, for the link type of `capture`.
    ///
    /// Privileges must have been dropped. Throws where the expression cannot be used, in the words of the user's part.
    public static func compile(
        _ expression: ByteString, without exclusion: Exclusion?, for capture: borrowing Capture,
        until signals: borrowing Signals, log: Log
    ) throws(Failure) -> Outcome {
        let compiler = try start(expression, without: exclusion, for: capture)
        return try compiler.wait(until: signals, log: log)
    }

    private init(child: pid_t, results: Int32, allowsLoops: Bool) {
        self.child = child
        self.allowsLoops = allowsLoops
        self.results = FileDescriptor(owning: results)
    }

    /// The corresponding C functions are `pipe2` and `fork`.
    private static func start(
        _ expression: ByteString, without exclusion: Exclusion?, for capture: borrowing Capture
    ) throws(Failure) -> FilterCompiler {
        var ends: (Int32, Int32) = (-1, -1)
        let isOpen = unsafe withUnsafeMutableBytes(of: &ends) { ends in
            unsafe cf_pcap_pipe(ends.assumingMemoryBound(to: Int32.self).baseAddress) == 0
        }
        guard isOpen else { throw systemFailure() }
        guard MemoryMap.withholdSharedFromChildren() else {
            throw Failure(
                "failed to keep the capture from the process that compiles the filter: is /proc mounted?")
        }
        let parent = getpid()
        let child = fork()
        if child == 0 { FilterChild.run(expression, exclusion, for: capture, results: ends.1, parent: parent) }
        close(ends.1)
        guard child > 0 else { throw systemFailure() }
        return FilterCompiler(
            child: child, results: ends.0, allowsLoops: expression.contains("protochain"))
    }

    private consuming func wait(until signals: borrowing Signals, log: Log) throws(Failure) -> Outcome {
        var reply: [UInt8] = []
        let stop = try read(into: &reply, until: signals, log: log)
        // It has nothing left to do; code that it loaded may think otherwise.
        kill(child, SIGKILL)
        let status = reap()
        if let stop { return .interrupted(stop) }
        switch FilterReply(reply, allowingLoops: allowsLoops) {
        case .program(let filter): return .compiled(filter)
        case .rejection(let message): throw Failure(message)
        case nil:
            let signal = cf_pcap_ending_signal(status)
            let end: ByteString = signal > 0 ? "signal \(signal)" : "status \(cf_pcap_exit_status(status))"
            throw Failure("failed to compile the filter: the process that compiles it ended with \(end)")
        }
    }

    /// How long to wait before it is said what for.
    private static let silence = Duration.seconds(1)

    /// Reads the child's reply, whole or until it ends. Returns the name of a stop signal that arrives first.
    private borrowing func read(
        into reply: inout [UInt8], until signals: borrowing Signals, log: Log
    ) throws(Failure) -> ByteString? {
        var part = [UInt8](repeating: 0, count: 16_384)
        var patience = Self.silence.milliseconds
        while FilterReply.missing(behind: reply) > 0 {
            var sources = (
                pollfd(fd: results.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)
            )
            let ready = unsafe withUnsafeMutableBytes(of: &sources) { sources in
                unsafe poll(sources.assumingMemoryBound(to: pollfd.self).baseAddress, 2, patience)
            }
            if ready == 0 {
                patience = -1
                log.info("waiting for the filter to be compiled, its host names to be resolved")
            }
            if case .stop(let name) = signals.next() { return name }
            if ready <= 0 || sources.0.revents == 0 { continue }
            let wanted = min(FilterReply.missing(behind: reply), part.count)
            let count = unsafe part.withUnsafeMutableBytes {
                unsafe CLinux.read(results.rawValue, $0.baseAddress, wanted)
            }
            if count == 0 { return nil }
            guard count > 0 else { throw Self.systemFailure() }
            reply.append(contentsOf: part.prefix(count))
        }
        return nil
    }

    /// The child's status. The corresponding C function is `waitpid`.
    private borrowing func reap() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, cf_pcap_errno() == EINTR {}
        return status
    }

    private static func systemFailure() -> Failure {
        Failure("failed to compile the filter: \(SystemError.last.description)")
    }
}
