/// The filter of `--host`, `--port`, `--proto` and `--tcp-flags`: any value of an option, all options.
struct SimpleFilter: Hashable, Sendable {
    let hosts: [HostFilter]
    let ports: [PortFilter]
    let protocols: [ProtocolFilter]
    let tcpFlags: TCPFlags

    /// Parses the options' values, each a list with commas. Throws UsageError for a value that is malformed, and for one
    /// that no packet can have together with the other options.
    init(
        hosts: [String], ports: [String], protocols: [String], tcpFlags: [String]
    ) throws(UsageError) {
        self.hosts = try Self.values(hosts, of: "--host", HostFilter.init)
        self.ports = try Self.values(ports, of: "--port", PortFilter.init)
        self.protocols = try Self.values(protocols, of: "--proto", ProtocolFilter.init)
        let flags = try Self.values(tcpFlags, of: "--tcp-flags") { text throws(UsageError) in try TCPFlags(text) }
        self.tcpFlags = TCPFlags(flags)
        try refuseContradictions()
    }

    /// Whether none of the options was given.
    var isEmpty: Bool { self == .everything }

    /// The host names, which each instance resolves.
    var names: [String] {
        hosts.compactMap { if case .name(let name) = $0 { name } else { nil } }
    }

    /// Returns one expression of pcap-filter(7) for these options and `--filter`; nil if nothing is asked for. Throws
    /// UsageError if the parentheses of `filter` do not match, because it stands between parentheses.
    func expression(and filter: String?) throws(UsageError) -> String? {
        let filter = filter.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
        guard !isEmpty else { return filter }
        var groups = [
            protocols.map(\.rawValue), hosts.map(\.expression), ports.map(\.expression),
            tcpFlags.isEmpty ? [] : tcpFlags.expressions,
        ].filter { !$0.isEmpty }
        if let filter {
            guard Self.hasMatchingParentheses(filter) else {
                throw UsageError("the parentheses of --filter '\(filter)' do not match")
            }
            groups.append(["(\(filter))"])
        }
        // `and` and `or` bind equally in pcap-filter(7).
        let terms = groups.map {
            $0.count == 1 || groups.count == 1 ? $0.joined(separator: " or ") : "(\($0.joined(separator: " or ")))"
        }
        return terms.joined(separator: " and ")
    }

    private static let everything = SimpleFilter()

    /// The filter that selects every packet.
    init() {
        (hosts, ports, protocols, tcpFlags) = ([], [], [], [])
    }

    /// Parses the lists of an option. Keeps the order, and each value once.
    private static func values<Value: Hashable>(
        _ lists: [String], of option: String, _ parse: (String) throws(UsageError) -> Value
    ) throws(UsageError) -> [Value] {
        var values: [Value] = []
        for list in lists {
            for item in list.split(separator: ",", omittingEmptySubsequences: false) {
                guard !item.isEmpty else { throw UsageError("\(option) '\(list)' has an empty value") }
                let value = try parse(String(item))
                if !values.contains(value) { values.append(value) }
            }
        }
        return values
    }

    private static func hasMatchingParentheses(_ filter: String) -> Bool {
        var depth = 0
        for byte in filter.utf8 {
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            if depth < 0 { return false }
        }
        return depth == 0
    }

    // MARK: Contradictions

    private func refuseContradictions() throws(UsageError) {
        for proto in protocols {
            if !ports.isEmpty && !proto.mayHavePorts {
                throw UsageError("--proto \(proto.rawValue) has no ports, leave out that or --port")
            }
            if !tcpFlags.isEmpty && !proto.mayHoldTCP {
                throw UsageError("--proto \(proto.rawValue) has no TCP flags, leave out that or --tcp-flags")
            }
        }
        try refuseFamiliesThatDiffer()
    }

    private func refuseFamiliesThatDiffer() throws(UsageError) {
        guard !protocols.isEmpty, !hosts.isEmpty else { return }
        for host in hosts {
            guard let family = host.family, !protocols.contains(where: { $0.families.contains(family) }) else {
                continue
            }
            throw UsageError(
                "--host \(host.text) is \(family.rawValue), which --proto \(list(protocols.map(\.rawValue))) never is: "
                    + "leave out one of them")
        }
        for proto in protocols where !hosts.contains(where: { proto.mayHave($0) }) {
            throw UsageError(
                "--proto \(proto.rawValue) is \(list(proto.families.map(\.rawValue))), which --host "
                    + "\(list(hosts.map(\.text))) never is: leave out one of them")
        }
    }

    private func list(_ words: [String]) -> String { words.joined(separator: ",") }
}

extension ProtocolFilter {
    fileprivate func mayHave(_ host: HostFilter) -> Bool {
        host.family.map(families.contains) ?? true
    }
}
