import CLinux

/// Compiles filters in a child process that has neither privileges nor the packet socket.
///
/// An expression may contain host names. Resolving a name may load code that the container's owner has chosen
/// (nsswitch.conf(5)), which must not be able to send packets on the packet socket.
public struct FilterCompiler {
    private let log: Log

    /// Creates a compiler.
    ///
    /// - Parameter log: The log, for a slow compilation and the reason to stop.
    public init(log: Log) {
        self.log = log
    }

    /// Compiles an expression for the link type of a capture.
    ///
    /// Privileges must have been dropped.
    ///
    /// - Returns: The program, or nil if a reason to stop comes first, which is logged.
    /// - Throws: The reason why the filter is refused, or the system's.
    public func compile(
        _ expression: FilterExpression, for capture: borrowing Capture, until stops: StopSource
    ) throws(Failure) -> BPFProgram? {
        guard let reply = try runChild(compiling: expression, for: capture, until: stops) else { return nil }
        switch FilterReply(reply) {
        case .program(let program): return program
        case .rejection(let message): throw Failure(message)
        case nil:
            let end: ByteString =
                FilterReply.missing(behind: reply) > 0
                ? "ended; if the container is short of memory, a shorter filter takes less" : "gave no valid answer"
            throw Failure("failed to compile the filter: the process that compiles it \(end)")
        }
    }

    /// Runs the child process until its reply is complete, and kills it.
    ///
    /// - Returns: The bytes of the reply, or nil if a reason to stop comes first.
    /// - Throws: The system's reason, if there can be no child process.
    ///
    /// The corresponding C functions are `pipe2`, `fork`, `kill` and `waitpid`.
    private func runChild(
        compiling expression: FilterExpression, for capture: borrowing Capture, until stops: StopSource
    ) throws(Failure) -> [UInt8]? {
        // The read end, and the write end.
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw Self.systemFailure() }
        let replies = FileDescriptor(owning: ends[0])
        guard MemoryMap.withholdSharedFromChildren() else {
            throw Failure("failed to keep the capture from the process that compiles the filter: is /proc mounted?")
        }
        let (parent, child) = (getpid(), fork())
        if child == 0 { FilterChild.run(expression, for: capture, replyTo: ends[1], parent: parent) }
        close(ends[1])
        guard child > 0 else { throw Self.systemFailure() }
        defer {
            // Code that the resolver has loaded may keep the child running.
            kill(child, SIGKILL)
            while waitpid(child, nil, 0) < 0, cf_pcap_errno() == EINTR {}
        }
        return try readReply(from: replies, until: stops)
    }

    /// The time after which a compilation that goes on is logged.
    private static let noticeDelay = Duration.seconds(1)

    /// Reads the child's reply.
    ///
    /// - Parameters:
    ///   - replies: The read end of the child's pipe.
    ///   - stops: The reasons to stop.
    /// - Returns: The bytes of the reply, of which some are missing if the child has ended. Returns nil at a reason to
    ///   stop.
    /// - Throws: The system's reason, if the pipe cannot be read.
    func readReply(
        from replies: borrowing FileDescriptor, until stops: StopSource
    ) throws(Failure) -> [UInt8]? {
        var reply: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        var reportTime = MonotonicClock.now() + Self.noticeDelay
        while FilterReply.missing(behind: reply) > 0 {
            let isReady = stops.wait(for: replies.rawValue, POLLIN, until: reportTime)
            let now = MonotonicClock.now()
            if now >= reportTime {
                reportTime = .distantFuture
                log.info("waiting for the filter to be compiled, its host names to be resolved")
            }
            while let event = stops.next(at: now) {
                // A request for the counts (SIGUSR1) gets no answer, because no packet has been captured.
                guard case .stop(let reason) = event else { continue }
                reason.report(to: log)
                return nil
            }
            if !isReady { continue }
            // read(2) gets at most the size of `part`.
            let wanted = min(FilterReply.missing(behind: reply), part.count)
            let count = unsafe read(replies.rawValue, &part, wanted)
            if count == 0 { break }
            guard count > 0 else { throw Self.systemFailure() }
            reply.append(contentsOf: part.prefix(count))
        }
        return reply
    }

    /// Returns the error of the last failed call.
    private static func systemFailure() -> Failure {
        Failure("failed to compile the filter: \(SystemError.last.description)")
    }
}
