import CLinux

/// The child process that compiles a filter. It never returns to the code of its parent.
enum FilterChild {
    /// The number of bytes that compiling may take, unless a lower limit is set. libpcap's optimizer takes 110 MB for 1,000
    /// hosts.
    private static let memoryLimit: UInt = 128 << 20

    /// Compiles the expression, writes the reply to the descriptor `replies`, and ends the process.
    static func run(
        _ expression: FilterExpression, for capture: borrowing Capture, replyTo replies: Int32, parent: pid_t
    ) -> Never {
        var limit = rlimit(rlim_cur: memoryLimit, rlim_max: memoryLimit)
        // Fails if a lower limit is set, which then stays.
        unsafe setrlimit(RLIMIT_DATA, &limit)
        guard cf_pcap_die_with_parent() == 0, getppid() == parent, avoidForbiddenCalls(),
            closeDescriptors(replacing: capture.descriptor, keeping: replies)
        else { _exit(1) }
        becomeFirstVictim()
        let reply = compile(expression, for: capture)
        _exit(writeAll(reply.bytes, to: replies) ? 0 : 1)
    }

    /// Has glibc send its two questions for a host name with two calls, because sendmmsg(2) is forbidden (resolv.conf(5),
    /// sandbox.c). The corresponding C function is `setenv`.
    private static func avoidForbiddenCalls() -> Bool {
        let options: ByteString = "\(environment("RES_OPTIONS") ?? "") single-request"
        return unsafe options.withCString { unsafe setenv("RES_OPTIONS", $0, 1) } == 0
    }

    /// Closes the packet socket, and all descriptors but the standard streams and `replies`. Returns false if one may still
    /// be open. The corresponding C function is `dup2`.
    private static func closeDescriptors(replacing socket: Int32, keeping replies: Int32) -> Bool {
        // An open directory takes the socket's number, because nothing can be sent on that (cf_pcap_deny_sending).
        let directory = unsafe cf_pcap_open("/", O_PATH)
        var fileStatus = stat()
        guard directory >= 0, dup2(directory, socket) == socket, unsafe fstat(socket, &fileStatus) == 0,
            !fileStatus.isSocket
        else { return false }
        return OpenDescriptors.closeAll(but: [socket, replies])
    }

    /// Has the kernel end this process, and not the app, if compiling uses up the container's memory
    /// (proc_pid_oom_score_adj(5)). The files in `/proc` of a process that is not dumpable belong to root, so this process
    /// becomes dumpable: it holds nothing that another process of the user does not have. If `/proc` cannot be written,
    /// compiling goes on under its own limit. The corresponding C functions are `prctl` and `write`.
    private static func becomeFirstVictim() {
        cf_pcap_set_dumpable()
        let file = unsafe cf_pcap_open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = writeAll(("1000" as ByteString).bytes, to: file)
        close(file)
    }

    private static func compile(_ expression: FilterExpression, for capture: borrowing Capture) -> FilterReply {
        let user = expression.user
        // If its parentheses match, the user's expression cannot end the exclusion's.
        if expression.exclusion != nil && !user.hasMatchingParentheses {
            return .rejection("filter '\(user.clipped)': its parentheses do not match")
        }
        do throws(Failure) {
            return .program(try capture.compile(expression.combined))
        } catch {
            if let exclusion = expression.exclusion, error.description.contains("rejects all packets"),
                (try? capture.compile(user)) != nil
            {
                return .rejection(
                    """
                    filter '\(user.clipped)' selects nothing but \(exclusion.carrier), which is never captured \
                    (\(exclusion.expression)): \(error.description)
                    """)
            }
            let hint = FilterHint.text(forRefused: user, because: error.description)
            return .rejection("filter '\(user.clipped)': \(error.description)\(hint)")
        }
    }

    /// Writes all bytes. Returns whether it could.
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
