import Agent

/// Captures the packets of one interface to standard output. This is the whole life of the agent.
///
/// The phases, each with the call that begins it:
///
/// | phase | the process holds | and reads | and from here on cannot |
/// |---|---|---|---|
/// | start | CAP_NET_RAW as permitted, what it has inherited | its arguments | |
/// | `forbidTracingAndCores` | the same | | be traced or leave a core file |
/// | `NetRaw.require` | CAP_NET_RAW as effective | `/proc/self`, its own file | |
/// | `sanitizeDescriptors` | three standard streams | `/proc/self/fd` | use what it has inherited |
/// | `Capture.open` | the packet socket, its ring, which receives nothing yet | the kernel's list of interfaces | send on the packet socket, pass it on |
/// | `Privileges.drop` | no capability | its ancestors' `/proc/PID`, `/proc/net/tcp`, `CF_INSTANCE_PORTS` and `SSH_CONNECTION` | gain a privilege |
/// | `compile` | in a child process: standard streams and a pipe | the filter, the resolver's files | (the child:) reach the ring or the socket |
/// | `start` | a ring that fills | the child's reply, which the kernel checks | change the socket's filter |
/// | `run` | packets | the ring, signals, `/proc/net/tcp` | make any system call but those in `sandbox.c` |
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
            try capturePackets(options, log)
            return .success
        } catch {
            log.error("failed to set up capture") { $0.add("error", error.description) }
            return .failure
        }
    }

    /// Goes through the phases. Returns only if there is a reason to stop before packets flow. Throws if a phase cannot
    /// begin.
    private static func capturePackets(_ options: Options, _ log: Log) throws(Failure) {
        try Privileges.forbidTracingAndCores()
        try NetRaw.require()
        try StandardStreams.sanitizeDescriptors()
        StandardStreams.reopenNonblocking()
        let signals = try Signals()
        let output = try Output()

        try Slot.acquire()
        // Only opening the packet socket needs a privilege.
        var capture = try Capture.open(try Interface(options.interface), snaplen: options.snaplen, log: log)
        try Privileges.drop()

        let session = SSHSession.find(log: log)
        let stops = StopSource(signals, session: session, stream: output.stream)
        let exclusion = Exclusion.find(
            for: session, output: OutputConnection.find(), on: capture.interface, log: log)
        let expression = FilterExpression(options.filter, without: exclusion)
        expression.describe(on: capture.interface, in: log)
        guard let filter = try FilterCompiler(log: log).compile(expression, for: capture, until: stops) else { return }
        try capture.start(filter)
        try run(capture, to: output, until: stops, log: log)
    }
}
