import CLinux
import CPcap

/// Compiles filters in a child process that has neither privileges nor the packet socket.
///
/// An expression may name hosts, and resolving them may load code that the container's owner chose (nsswitch.conf(5)).
/// That code must not get hold of a socket on which it could send any packet it likes.
public enum FilterCompiler {
    /// Compiles the user's expression together with what is excluded, for the link type of `capture`. Nil where a signal,
    /// or the end of the output's reader or of the session came first, which is logged.
    /// Privileges must have been dropped. Throws where the expression cannot be used, and quotes it as it was given.
    /// The corresponding C functions are `pipe2`, `fork`, `kill` and `waitpid`.
    public static func compile(
        _ expression: ByteString, without exclusion: Exclusion?, for capture: borrowing Capture,
        until signals: borrowing Signals, watching watch: SessionWatch, log: Log
    ) throws(Failure) -> Filter? {
        var ends: [Int32] = [-1, -1]
        guard unsafe cf_pcap_pipe(&ends) == 0 else { throw systemFailure() }
        let results = FileDescriptor(owning: ends[0])
        guard MemoryMap.withholdSharedFromChildren() else {
            throw Failure("failed to keep the capture from the process that compiles the filter: is /proc mounted?")
        }
        let (parent, child) = (getpid(), fork())
        if child == 0 { FilterChild.run(expression, exclusion, for: capture, results: ends[1], parent: parent) }
        close(ends[1])
        guard child > 0 else { throw systemFailure() }

        var reply: [UInt8] = []
        let isInterrupted = try read(into: &reply, from: results, until: signals, watching: watch, log)
        // Code that the child has loaded to resolve a name may keep it running.
        kill(child, SIGKILL)
        while waitpid(child, nil, 0) < 0, cf_pcap_errno() == EINTR {}
        if isInterrupted { return nil }
        switch FilterReply(reply, allowingLoops: expression.contains("protochain")) {
        case .program(let filter): return filter
        case .rejection(let message): throw Failure(message)
        case nil:
            let end: ByteString = FilterReply.missing(behind: reply) > 0 ? "ended" : "gave no valid answer"
            throw Failure("failed to compile the filter: the process that compiles it \(end)")
        }
    }

    /// How long compiling may take before a log line says that it is waited for, and until the next line.
    private static let patience = (first: Duration.seconds(1), later: Duration.seconds(3600))

    /// Reads the child's reply, whole or until it ends. Returns whether the wait was interrupted.
    private static func read(
        into reply: inout [UInt8], from results: borrowing FileDescriptor, until signals: borrowing Signals,
        watching watch: SessionWatch, _ log: Log
    ) throws(Failure) -> Bool {
        var part = [UInt8](repeating: 0, count: 16_384)
        var nextLine = MonotonicClock.now() + patience.first
        while FilterReply.missing(behind: reply) > 0 {
            var sources = [
                pollfd(fd: results.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
            ]
            let ready = unsafe poll(&sources, 3, (min(nextLine, watch.nextLook) - MonotonicClock.now()).milliseconds)
            let now = MonotonicClock.now()
            if now >= nextLine {
                nextLine = now + patience.later
                log.info("waiting for the filter to be compiled, its host names to be resolved")
            }
            if now >= watch.nextLook, !watch.look() {
                log.info("SSH session ended, stopping capture")
                return true
            }
            if case .stop(let name) = signals.next() {
                log.info("received signal, stopping capture") { $0.add("signal", name) }
                return true
            }
            if ready > 0 && sources[2].revents != 0 {
                log.info("reader of standard output is gone, stopping capture")
                return true
            }
            if ready <= 0 || sources[0].revents == 0 { continue }
            let wanted = min(FilterReply.missing(behind: reply), part.count)
            let count = unsafe CLinux.read(results.rawValue, &part, wanted)
            if count == 0 { return false }
            guard count > 0 else { throw systemFailure() }
            reply.append(contentsOf: part.prefix(count))
        }
        return false
    }

    private static func systemFailure() -> Failure {
        Failure("failed to compile the filter: \(SystemError.last.description)")
    }
}
