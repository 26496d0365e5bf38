import CLinux

/// The child process that compiles a filter. It ends without returning to the parent's code.
///
/// The child inherits the parent's signal mask, in which SIGINT, SIGTERM, SIGHUP and SIGUSR1 are blocked (``Signals``).
/// At a stop, the parent kills it.
enum FilterChild {
    /// The largest size of the data segment in bytes (getrlimit(2), RLIMIT_DATA). libpcap's optimizer needs 110 MB for
    /// 1,000 hosts.
    private static let memoryLimit: UInt = 128 << 20

    /// Compiles an expression, writes the reply and ends the process.
    ///
    /// - Parameters:
    ///   - expression: The expression.
    ///   - capture: The capture, whose packet socket is closed first.
    ///   - replies: The descriptor for the reply.
    ///   - parent: The parent's process id. The child ends when the parent has ended.
    static func run(
        _ expression: FilterExpression, for capture: borrowing Capture, replyTo replies: Int32, parent: pid_t
    ) -> Never {
        var limit = rlimit(rlim_cur: memoryLimit, rlim_max: memoryLimit)
        // If a lower limit is set, the call fails and that limit stays.
        unsafe setrlimit(RLIMIT_DATA, &limit)
        guard cf_pcap_die_with_parent() == 0, getppid() == parent, configureResolver(),
            closeDescriptors(replacing: capture.descriptor, keeping: replies)
        else { _exit(1) }
        becomeFirstVictim()
        let reply = reply(to: expression, for: capture)
        _exit(writeAll(reply.bytes, to: replies) ? 0 : 1)
    }

    /// Sets the resolver option `single-request` (resolv.conf(5)), so that glibc does not use sendmmsg(2), which is
    /// forbidden (sandbox.c).
    ///
    /// The corresponding C function is `setenv`.
    private static func configureResolver() -> Bool {
        let options: ByteString = "\(environment("RES_OPTIONS") ?? "") single-request"
        return unsafe options.withCString { unsafe setenv("RES_OPTIONS", $0, 1) } == 0
    }

    /// Closes the packet socket and all descriptors but the standard streams and `replies`.
    ///
    /// - Returns: Whether all are closed.
    ///
    /// The corresponding C functions are `dup2` and `close`.
    private static func closeDescriptors(replacing socket: Int32, keeping replies: Int32) -> Bool {
        // Sending is denied on the number of the socket (cf_pcap_deny_sending). An open directory takes this number, so
        // that no socket of the resolver gets it.
        let directory = unsafe cf_pcap_open("/", O_PATH)
        var fileStatus = stat()
        guard directory >= 0, dup2(directory, socket) == socket, unsafe fstat(socket, &fileStatus) == 0,
            !fileStatus.isSocket
        else { return false }
        return OpenDescriptors.closeAll(but: [socket, replies])
    }

    /// Has the kernel kill this process first when the container's memory is used up (proc_pid_oom_score_adj(5)), so
    /// that it does not kill the app.
    ///
    /// The process becomes dumpable, because `/proc/self` of a process that is not dumpable belongs to root. It holds
    /// nothing that the user's other processes lack. If the file cannot be written, the process continues.
    ///
    /// The corresponding C functions are `prctl` with PR_SET_DUMPABLE and `write`.
    private static func becomeFirstVictim() {
        cf_pcap_set_dumpable()
        let file = unsafe cf_pcap_open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = writeAll(("1000" as ByteString).bytes, to: file)
        close(file)
    }

    /// Returns the reply: the program, or the refusal in words.
    private static func reply(to expression: FilterExpression, for capture: borrowing Capture) -> FilterReply {
        do throws(FilterRefusal) {
            return .program(try compile(expression, for: capture))
        } catch {
            return .rejection(error.failure(for: expression.user).description)
        }
    }

    /// Compiles the user's expression combined with the exclusion.
    private static func compile(
        _ expression: FilterExpression, for capture: borrowing Capture
    ) throws(FilterRefusal) -> BPFProgram {
        // An unmatched parenthesis in the user's expression could end the exclusion's.
        guard expression.exclusion == nil || expression.user.hasMatchingParentheses else { throw .unmatchedParentheses }
        do throws(Failure) {
            return try capture.compile(expression.combined)
        } catch {
            if let exclusion = expression.exclusion, error.description.contains("rejects all packets"),
                (try? capture.compile(expression.user)) != nil
            {
                throw .selectsOnlyExcluded(exclusion, error.description)
            }
            throw .notCompiled(error.description)
        }
    }

    /// Writes all bytes to a descriptor. Returns whether they are written.
    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, cf_pcap_errno() != EINTR { return false }
            rest.removeFirst(max(count, 0))
        }
        return true
    }
}
