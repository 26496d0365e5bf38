/// The filter of a capture: the user's expression of pcap-filter(7), and the exclusion.
public struct FilterExpression {
    /// The user's expression; blank if it selects all packets.
    let user: ByteString
    /// The traffic to exclude, or nil if none is known.
    let exclusion: Exclusion?

    /// Combines the user's expression with an exclusion.
    public init(_ user: ByteString, without exclusion: Exclusion?) {
        self.user = user
        self.exclusion = exclusion
    }

    /// The expression for packets that the user's filter selects and that are not excluded.
    var combined: ByteString { exclusion?.combined(with: user) ?? user }

    /// Attaches the compiled expression to the packet socket of a capture, for the rest of the capture.
    ///
    /// - Throws: The reason why the kernel does not run the program, with a remedy.
    public func attach(_ program: BPFProgram, to capture: borrowing Capture) throws(Failure) {
        do throws(BPFProgram.Refusal) {
            try capture.attach(program)
        } catch {
            throw FilterRefusal.notAccepted(error).failure(for: user)
        }
    }

    /// Logs the expression if an exclusion is in it, and the packets that an interface cannot show.
    public func report(on interface: Interface, to log: Log) {
        exclusion?.report(with: user, to: log)
        InterfaceLimits.report(interface, filter: user, to: log)
    }
}

extension ByteString {
    /// Whether each parenthesis of a filter expression has its counterpart.
    ///
    /// In an expression of pcap-filter(7), a parenthesis is always a token of its own.
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
