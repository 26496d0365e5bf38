import CLinux
import CPcap

/// The child process that compiles a filter.
enum FilterChild {
    /// Compiles and ends the process. Its reply goes to the descriptor `results`.
    static func run(
        _ expression: ByteString, _ exclusion: Exclusion?, _ handle: OpaquePointer, results: Int32, parent: pid_t
    ) -> Never {
        giveUpCapture(keeping: results, parent: parent)
        let reply = unsafe compile(expression, exclusion, handle)
        _exit(writeAll(reply.bytes, to: results) ? 0 : 1)
    }

    /// Leaves only `descriptor` open of what is not a standard stream. What libpcap needs for compiling (link type,
    /// snaplen, the kernel's filter extensions) stands in its handle.
    private static func giveUpCapture(keeping descriptor: Int32, parent: pid_t) {
        guard cf_pcap_die_with_parent() == 0, getppid() == parent, cf_pcap_close_all_but(descriptor) == 0 else {
            _exit(1)
        }
    }

    /// The user's part is compiled alone first, so that what is wrong with it is said in the user's words.
    private static func compile(
        _ expression: ByteString, _ exclusion: Exclusion?, _ handle: OpaquePointer
    ) -> FilterReply {
        do {
            guard let exclusion else { return .program(try unsafe Filter.compile(expression, for: handle)) }
            _ = try unsafe Filter.compile(expression, optimizing: false, for: handle)
            do {
                return .program(try unsafe Filter.compile(exclusion.combined(with: expression), for: handle))
            } catch  where error.message.contains("rejects all packets") {
                // Where the user's part cannot match by itself, this says so.
                _ = try unsafe Filter.compile(expression, for: handle)
                return .rejection(
                    """
                    filter '\(expression.clipped)' selects nothing but the SSH session, which is never captured \
                    (\(exclusion.expression)): \(error.message)
                    """)
            }
        } catch {
            let hint = FilterHint.text(forRefused: expression)
            return .rejection("filter '\(expression.clipped)': \(error.message)\(hint)")
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
    /// As much as a message should repeat.
    fileprivate var clipped: ByteString {
        count <= 200 ? self : "\(ByteString(bytes.prefix(200)))..."
    }
}
