import Agent

/// The capture agent, from its start to its end.
///
/// Each call in ``capturePackets(_:_:)`` begins a phase. "Held" names what the process has gained or lost since the
/// phase before, "read" the data that it reads in the phase, and "impossible" what no code of the process can do from
/// then on.
///
/// | phase | held | read | impossible |
/// |---|---|---|---|
/// | start | CAP_NET_RAW (permitted), inherited descriptors | the command line | |
/// | `forbidTracingAndCores` | | | being traced, leaving a core file |
/// | `NetRaw.require` | CAP_NET_RAW (effective) | if it is missing: `/proc/self/exe`, the platform's file | |
/// | `sanitizeDescriptors` | no inherited descriptors but the standard streams | `/proc/self/fd` | using inherited ones |
/// | `reopenNonblocking` | pipes and terminals as open files of its own | | |
/// | `Signals` | a descriptor for signals | | being ended by SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ |
/// | `Output` | a pipe of up to 1 MB | the type, size and flags of standard output | |
/// | `Slot.acquire` | one of four names of local sockets | if all are held: their holders' process ids | |
/// | `Capture.open` | a packet socket that receives nothing, its ring | the interface | sending on the socket, duplicating it |
/// | `Privileges.drop` | no capability | | opening packet sockets, gaining privileges |
/// | `SSHSession.find` | | ancestors' `/proc/PID`, `/proc/net/tcp` and `tcp6`, `SSH_CONNECTION` | |
/// | `StopSource` | `/proc/net/tcp` and `tcp6`, if there is a session to watch | | |
/// | `Exclusion.find` | | `CF_INSTANCE_PORTS`, standard output's connection, `/proc/net/tcp` and `tcp6` | |
/// | `compile` | a child process, until it replies | `/proc/self/maps`, the reply | |
/// | in the child | standard streams, a pipe | the filter, the resolver's files | reaching the ring or the socket |
/// | `attach` | the socket's filter | | changing the filter |
/// | `start` | packets in the ring | | |
/// | `run` | packets in the queue | the ring, signals, `/proc/net/tcp` and `tcp6` | any call but those in `sandbox.c` |
@main
enum CFPcap {
    /// Carries out the command line, and ends the process.
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

    /// Captures packets. Logs an error if a capture cannot begin, and returns the exit status.
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
            try capturePackets(options, log)
            return .success
        } catch {
            log.error("failed to set up capture") { $0.add("error", error.description) }
            return .failure
        }
    }

    /// Goes through the phases, and ends the process after the last one.
    ///
    /// Returns if there is a reason to stop while the filter is compiled.
    ///
    /// - Throws: The reason, if a phase cannot begin.
    private static func capturePackets(_ options: Options, _ log: Log) throws(Failure) {
        try Privileges.forbidTracingAndCores()
        try NetRaw.require()
        try StandardStreams.sanitizeDescriptors()
        StandardStreams.reopenNonblocking()
        let signals = try Signals()
        let output = try Output()

        try Slot.acquire()
        // No other call needs CAP_NET_RAW.
        let capture = try Capture.open(try Interface(options.interface), snaplen: options.snaplen, log: log)
        try Privileges.drop()

        let session = SSHSession.find(log: log)
        let stops = StopSource(signals, session: session, stream: output.stream)
        let exclusion = Exclusion.find(
            for: session, output: OutputConnection.find(), on: capture.interface, log: log)
        let expression = FilterExpression(options.filter, without: exclusion)
        expression.describe(on: capture.interface, in: log)
        guard let program = try FilterCompiler(log: log).compile(expression, for: capture, until: stops) else { return }
        try expression.attach(program, to: capture)
        try capture.start()
        try run(capture, to: output, until: stops, log: log)
    }
}
