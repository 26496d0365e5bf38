extension CaptureOptions {
    /// The filter that the agents get, of options that ``check()`` has accepted; nil for all packets.
    var captureFilter: String? { (try? resolvedFilter()) ?? nil }

    /// The filter of the options that need no words of pcap-filter(7), of options that ``check()`` has accepted.
    var simpleFilter: SimpleFilter { (try? resolvedSimpleFilter()) ?? SimpleFilter() }

    private func resolvedSimpleFilter() throws(UsageError) -> SimpleFilter {
        try SimpleFilter(hosts: hosts, ports: ports, protocols: protocols, tcpFlags: tcpFlags)
    }

    private func resolvedFilter() throws(UsageError) -> String? {
        try resolvedSimpleFilter().expression(and: filter)
    }

    /// The options that ``captureFilter`` is made of, as far as they are given.
    var filterOptions: [String] {
        [
            hosts.isEmpty ? nil : "--host", ports.isEmpty ? nil : "--port", protocols.isEmpty ? nil : "--proto",
            tcpFlags.isEmpty ? nil : "--tcp-flags", filter == nil ? nil : "--filter",
        ].compactMap { $0 }
    }

    /// Refuses a filter that is malformed, contradictory or too long.
    func checkFilter() throws(UsageError) {
        guard let filter = try resolvedFilter() else { return }
        // One argument of cf, and of the shell behind it, holds the filter in quotes; Linux allows 131,072 bytes
        // (execve(2), "Limits on size of arguments and environment").
        guard filter.quotedForShell.utf8.count <= 120_000 else {
            let name = simpleFilter.isEmpty ? "--filter" : "the filter of these options"
            throw UsageError(
                "\(name) has \(filter.utf8.count) bytes, more than a command line can hold; write a shorter one")
        }
    }
}
