/// The lines on a session's standard error: the agent's log, and those of cf and of shells.
struct SessionLog {
    /// The meaning of a line for whoever shows it.
    enum Line: Equatable {
        case warning(String)
        case error(String)
        case other
    }

    /// The agent's name and version, as it told them; nil for one that does not.
    private(set) var agent: String?
    /// Its latest counts.
    private(set) var counts: AgentCounts?
    /// Whether those are the last ones.
    private(set) var isStopped = false
    /// Its last ERROR line.
    private(set) var agentError: String?
    /// Whether a line came that only an agent writes.
    private(set) var hasAgentSpoken = false
    /// The lines that are not of the agent's log, for a person to read.
    private(set) var remarks = ""

    /// Whether nothing came.
    var isEmpty: Bool { !hasAgentSpoken && remarks.isEmpty }

    private static let remarksLimit = 4096

    /// Takes a line, without its end.
    mutating func append(_ line: [UInt8]) -> Line {
        guard let entry = LogEntry(line) else {
            takeRemark(String(decoding: line, as: UTF8.self))
            return .other
        }
        hasAgentSpoken = true
        if let counts = AgentCounts(entry) {
            self.counts = counts
            if entry.message == "stopped capture" { isStopped = true }
        }
        switch entry.level {
        case .debug, .info: return .other
        case .warn: return .warning(Self.text(of: entry))
        case .error:
            agentError = Self.text(of: entry)
            return .error(Self.text(of: entry))
        }
    }

    private mutating func takeRemark(_ line: String) {
        if agent == nil, let version = AgentVersion.find(in: line) {
            agent = version
            hasAgentSpoken = true
        } else if remarks.utf8.count + line.utf8.count < Self.remarksLimit {
            remarks += line + "\n"
        }
    }

    /// `failed to set up capture: no such device`, or with the attributes' names where they are neither the error nor the
    /// remedy.
    private static func text(of entry: LogEntry) -> String {
        let details = entry.attributes.map { attribute in
            ["error", "hint"].contains(attribute.name) ? attribute.value : "\(attribute.name)=\(attribute.value)"
        }
        return details.isEmpty ? entry.message : "\(entry.message): \(details.joined(separator: " "))"
    }
}
