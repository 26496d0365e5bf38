import CLinux
import CPcap

/// The child process that compiles a filter.
enum FilterChild {
    /// Bytes that compiling may take, unless a lower limit is set: libpcap's optimizer takes 110 MB for 1,000 hosts.
    private static let memory: UInt = 128 << 20

    /// Compiles and ends the process. Its reply goes to the descriptor `results`.
    static func run(
        _ expression: FilterExpression, for capture: borrowing Capture, results: Int32, parent: pid_t
    ) -> Never {
        cf_pcap_bound_data(memory)
        guard cf_pcap_die_with_parent() == 0, getppid() == parent, giveUp(capture.descriptor, keeping: results) else {
            _exit(1)
        }
        becomeFirstVictim()
        let reply = compile(expression, for: capture)
        _exit(writeAll(reply.bytes, to: results) ? 0 : 1)
    }

    /// Closes the packet socket and all else that is not a standard stream, but for `results`. Returns whether that is
    /// sure.
    private static func giveUp(_ socket: Int32, keeping results: Int32) -> Bool {
        // Something else takes its number, on which nothing can be sent (cf_pcap_disarm).
        let nothing = unsafe cf_pcap_open("/", O_PATH)
        var information = stat()
        guard nothing >= 0, dup2(nothing, socket) == socket, unsafe fstat(socket, &information) == 0,
            !information.isSocket
        else { return false }
        // glibc would send both of its questions for a name with sendmmsg(2), which is forbidden (resolv.conf(5)).
        let options: ByteString = "\(environment("RES_OPTIONS") ?? "") single-request"
        return unsafe options.withCString { unsafe setenv("RES_OPTIONS", $0, 1) } == 0
            && OpenDescriptors.closeAll(but: [socket, results])
    }

    /// Has the kernel end this process, and not the app, where compiling uses up the container's memory
    /// (proc_pid_oom_score_adj(5)). The files in `/proc` of a process that is not dumpable belong to root, so this process
    /// becomes dumpable: it holds nothing any more that another process of the user does not have. Where `/proc` cannot be
    /// written, compiling goes on under its own limit. The corresponding C functions are `prctl` and `write`.
    private static func becomeFirstVictim() {
        cf_pcap_set_dumpable()
        let file = unsafe cf_pcap_open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = writeAll(("1000" as ByteString).bytes, to: file)
        close(file)
    }

    private static func compile(_ whole: FilterExpression, for capture: borrowing Capture) -> FilterReply {
        let (expression, exclusion) = (whole.user, whole.exclusion)
        // Where parentheses match, what is excluded stays so, whatever stands between them.
        if exclusion != nil && !expression.hasMatchingParentheses {
            return .rejection("filter '\(expression.clipped)': its parentheses do not match")
        }
        do throws(Failure) {
            return .program(try capture.compile(whole.combined))
        } catch {
            if let exclusion, error.description.contains("rejects all packets"),
                (try? capture.compile(expression)) != nil
            {
                return .rejection(
                    """
                    filter '\(expression.clipped)' selects nothing but \(exclusion.carrier), which is never captured \
                    (\(exclusion.expression)): \(error.description)
                    """)
            }
            let hint = FilterHint.text(forRefused: expression, because: error.description)
            return .rejection("filter '\(expression.clipped)': \(error.description)\(hint)")
        }
    }

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

extension ByteString {
    /// In a filter expression a parenthesis is always a token of its own (pcap-filter(7)).
    var hasMatchingParentheses: Bool {
        var depth = 0
        for byte in bytes {
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            if depth < 0 { return false }
        }
        return depth == 0
    }
}
