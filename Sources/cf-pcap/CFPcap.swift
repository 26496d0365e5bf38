import Agent

/// Captures the packets of one interface to standard output: the whole life of the agent.
@main
enum CFPcap {
    static func main() {
        let log = Log()
        do throws(UsageError) {
            switch try Command(processArguments(), interfaces: Interface.names) {
            case .capture(let options): end(capture(options, log))
            case .help: log.print(usage)
            case .version: log.print("cf-pcap \(version)\n")
            }
            end(.success)
        } catch {
            log.error(error.description)
            log.print(usage)
            end(.usage)
        }
    }

    private static func capture(_ options: Options, _ log: Log) -> ExitStatus {
        log.isVerbose = options.isVerbose
        if StandardStreams.areShared { log.threshold = .errors }
        log.debug("parsed flags") { line in
            line.add("interface", options.interface)
            line.add("snaplen", options.snaplen)
            line.add("filter", options.filter)
        }
        guard !options.interface.isEmpty else {
            log.error("interface flag is required") { $0.add("interfaces", Interface.names.joined(separator: ", ")) }
            log.print(usage)
            return .failure
        }
        do throws(Failure) {
            try Privileges.shield()
            try NetRaw.require()
            try StandardStreams.secure()
            StandardStreams.separate()
            let signals = try Signals()
            let output = try Output()

            try Slot.take()
            // All that needs a privilege is to open the packet socket. No packet enters it yet, and nothing can be sent on it.
            var capture = try Capture.open(try Interface(options.interface), snaplen: options.snaplen, log: log)
            try Privileges.drop()

            let session = SSHSession.find(log: log)
            let stops = StopSource(signals, session: session, stream: output.stream)
            let connection = OutputConnection.find()
            let exclusion = Exclusion.find(for: session, output: connection, on: capture.interface.name, log: log)
            exclusion?.describe(with: options.filter, in: log)
            let expression = FilterExpression(options.filter, without: exclusion)
            guard let filter = try FilterCompiler(log: log).compile(expression, for: capture, until: stops) else {
                return .success
            }
            try capture.start(filter)
            try run(capture, to: output, until: stops, log: log)
        } catch {
            log.error("failed to set up capture") { $0.add("error", error.description) }
            return .failure
        }
    }
}
