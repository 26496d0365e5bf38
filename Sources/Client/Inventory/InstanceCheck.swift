/// The answer of an instance to `--check`: whether it can be captured as asked for, and if not, why.
struct InstanceCheck: Equatable, Sendable {
    let point: CapturePoint
    /// The agent's version; nil if there is no agent, or one that does not tell it.
    var version: String?
    /// The interfaces in the container, in the kernel's order; empty if they are not known.
    var interfaces: [String] = []
    /// Whether the agent may capture; nil if that is not known.
    var hasCapability: Bool?
    /// The reason why the instance cannot be captured; nil if it can.
    var failure: SessionFailure?

    /// An instance that could not be asked.
    init(_ point: CapturePoint, _ failure: SessionFailure) {
        self.point = point
        self.failure = failure
    }

    /// Reads what ``CheckCommand`` printed in an instance. Takes any bytes.
    init(_ point: CapturePoint, _ session: SessionOutput, of request: SessionRequest) {
        self.point = point
        let remarks = readOutput(session.output)
        var log = SessionLog()
        for line in Self.lines(session.errors) { _ = log.append(Array(line)) }
        guard hasCapability != true else { return }
        let end = SessionEnd(
            status: Self.status(of: session, log), output: remarks, errors: log.remarks,
            agentError: log.agentError, hasAgentSpoken: version != nil || log.hasAgentSpoken)
        let failure = end.failure(of: request)
        if failure.kind == .noCapability { hasCapability = false }
        self.failure = failure
    }

    /// Reads the lines `version=`, `interface=` and `header=`. Returns the other lines, which are those of cf or a shell.
    private mutating func readOutput(_ output: [UInt8]) -> String {
        var remarks: [UInt8] = []
        for line in Self.lines(output) {
            let text = String(decoding: line, as: UTF8.self)
            guard let equals = text.firstIndex(of: "=") else {
                remarks += line + [0x0A]
                continue
            }
            let value = text[text.index(after: equals)...]
            switch text[..<equals] {
            case "version": version = AgentVersion.find(in: String(value.prefix(200)))
            case "interface": interfaces.append(value.inOneLine(limit: 15))
            case "header": hasCapability = value.filter { $0 != " " } == "24" ? true : nil
            default: break
            }
        }
        return String(decoding: remarks, as: UTF8.self)
    }

    /// Returns the status of the agent. The shell goes on behind an agent that the kernel does not start, so that the
    /// session itself ends well.
    private static func status(of session: SessionOutput, _ log: SessionLog) -> SessionEnd.Status {
        let isRefused = session.status == .exited(0) && log.remarks.contains("Operation not permitted")
        return isRefused ? .exited(126) : session.status
    }

    /// Returns the first thousand lines, more than any container has interfaces.
    private static func lines(_ bytes: [UInt8]) -> ArraySlice<ArraySlice<UInt8>> {
        bytes.split(separator: 0x0A).prefix(1000)
    }
}
