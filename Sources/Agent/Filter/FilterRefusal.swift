/// A reason why a user's filter cannot be used. The wording for refused filters is in this file. ``FilterCompiler`` has
/// the wording for a child process that has failed.
enum FilterRefusal: Error, Equatable {
    /// A parenthesis has no counterpart.
    case unmatchedParentheses
    /// The filter selects excluded traffic only. The text is libpcap's message.
    case selectsOnlyExcluded(Exclusion, ByteString)
    /// libpcap does not compile the expression. The text is libpcap's message.
    case notCompiled(ByteString)
    /// The kernel does not run the compiled program.
    case notAccepted(BPFProgram.Refusal)

    /// Returns the error that quotes the filter and gives the reason and, if known, a remedy.
    ///
    /// - Parameter filter: The user's expression, without the exclusion.
    func failure(for filter: ByteString) -> Failure {
        let quoted: ByteString = "filter '\(filter.clipped)'"
        return switch self {
        case .unmatchedParentheses: Failure("\(quoted): its parentheses do not match")
        case .selectsOnlyExcluded(let exclusion, let message):
            Failure(
                """
                \(quoted) selects nothing but \(exclusion.carrier), which is never captured (\(exclusion.expression)): \
                \(message)
                """)
        case .notCompiled(let message):
            Failure("\(quoted): \(message)\(Self.remedy(for: filter, refusedWith: message))")
        case .notAccepted(.failed(let reason)): Failure("failed to set the filter: \(reason)")
        case .notAccepted(let refusal): Failure("\(quoted): \(refusal.description)")
        }
    }

    /// Returns `, ` or `; ` and a remedy for a filter that libpcap does not compile; an empty string if none is known.
    ///
    /// - Parameters:
    ///   - filter: The user's expression.
    ///   - message: libpcap's message.
    static func remedy(for filter: ByteString, refusedWith message: ByteString) -> ByteString {
        if message.contains("malloc") { return ", compiling it takes too much memory" }
        if message.contains("unknown ip proto") { return "; write its number, as in 'ip proto 47'" }
        if message.contains("netmask not known") { return "; write the address, as in 'dst host 10.0.0.255'" }
        if let captureFilter = DisplayFilter.captureFilter(meantBy: filter) {
            return "; did you mean '\(captureFilter)'? It is a capture filter that is wanted, see pcap-filter(7)"
        }
        let looksLikeDisplayFilter = filter.contains("==") || filter.words.first?.contains(".") == true
        guard looksLikeDisplayFilter else { return "" }
        return "; it is a capture filter that is wanted, such as 'tcp port 8080 and host 10.0.0.1', see pcap-filter(7)"
    }
}

extension BPFProgram.Refusal {
    /// The reason and its remedy, in words about the filter. Reads `net.core.optmem_max`, which some containers hide.
    fileprivate var description: ByteString {
        let shorter: ByteString =
            "write it shorter, with 'net 10.0.0.0/24' for hosts and 'portrange 8000-8100' for ports"
        switch self {
        case .tooManyInstructions(let count):
            return "it needs \(count) instructions, and the kernel takes \(BPFProgram.maximumCount): \(shorter)"
        case .tooMuchMemory(let count):
            let limit = contents(of: "/proc/sys/net/core/optmem_max").map { ByteString($0.prefix { $0 != 0x0A }) }
            let there = limit.map { ", \($0) bytes here" as ByteString } ?? ""
            return """
                it needs \(count) instructions, for which a socket has too little of the kernel's memory \
                (net.core.optmem_max\(there)): \(shorter)
                """
        case .invalidInstruction:
            return "the kernel takes no loop, which protochain makes: write 'ip6 proto 6', without chains of headers"
        case .needsFileHeader:
            return """
                it looks at a part of the link-layer header that only files have, such as link[12], and the kernel cannot. \
                Leave that part out, or capture on one interface, such as eth0
                """
        case .failed(let reason): return reason
        }
    }
}
