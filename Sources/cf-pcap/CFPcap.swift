import Agent

/// The capture agent, from its start to its end.
///
/// The table lists the phases of a capture in order. A phase has the name of the call in ``capturePackets(_:_:)`` that
/// begins it, but for two: "command line" is the time before, and "in the child" is the part of `compile` in the child
/// process. Other calls there only compute or log.
///
/// - "Held" names the things that the process has gained or lost since the phase before.
/// - "Read" names the data from outside that the phase reads, but for the clocks and the index of `lo`. The socket
///   tables are `/proc/net/tcp` and `tcp6`.
/// - "Impossible" names the things that no code of the process can do from then on. In parentheses are those that code
///   of the process could make possible again with a system call, until `run` allows no such call.
///
/// | phase | held | read | impossible |
/// |---|---|---|---|
/// | command line | CAP_NET_RAW (permitted), inherited descriptors | arguments, interfaces, the streams' files | |
/// | `forbidTracingAndCores` | | | (being traced, leaving a core file) |
/// | `NetRaw.require` | CAP_NET_RAW (effective) | capabilities; if it is missing also the reasons[^1] | |
/// | `sanitizeDescriptors` | only the standard streams, `/` for a closed one | `/proc/self/fd` | using inherited ones |
/// | `reopenNonblocking` | pipes and terminals as open files of its own | `/proc/self/fd/1` and `2` | |
/// | `Signals` | a descriptor for signals | the action of SIGHUP | (being ended by certain signals[^2]) |
/// | `Output` | a pipe of up to 1 MB | standard output's kind, flags, position, protocol, capacity | |
/// | `Slot.acquire` | a local socket that listens | if all slots are held: their holders' process ids | |
/// | `Capture.open` | a packet socket that receives nothing, its ring | the interface | sending on the socket[^3] |
/// | `Privileges.drop` | no capability | | opening packet sockets, gaining privileges |
/// | `SSHSession.find` | | ancestors' `/proc/PID`, the socket tables, `SSH_CONNECTION` | |
/// | `StopSource` | the socket tables, if the session's end ends the capture[^4] | standard input's state | |
/// | `OutputConnection.find` | | standard output's addresses; if it is TCP: the socket tables | |
/// | `Exclusion.find` | | `CF_INSTANCE_PORTS` | |
/// | `compile` | a pipe and a child, until its reply or a stop | `/proc/self/maps`, the reply, reasons to stop[^5] | |
/// | in the child | standard streams, a pipe, `/` for the socket | the resolver's data[^6] | reaching ring or socket |
/// | `attach` | the socket's filter | that filter; if the kernel refuses it: `optmem_max` | changing the filter |
/// | `start` | packets in the ring | | |
/// | `run` | packets in the queue | the ring, kernel's counts, interface flags, reasons to stop[^5] | most calls[^7] |
///
/// [^1]: The bounding set, no-new-privileges, `/proc/self/exe` and its mount flags, the platform's file.
/// [^2]: SIGINT, SIGTERM, SIGUSR1 and SIGHUP are blocked. SIGPIPE and SIGXFSZ are ignored, and SIGHUP if it was before.
/// [^3]: Also duplicating it, `sendmsg` on any socket, `ptrace` and the other calls in `cf_pcap_deny_sending`, and
///   gaining privileges by execve(2) (no-new-privileges).
/// [^4]: Standard output is a pipe or a socket, nohup(1) has not started the agent, and the session has a connection.
/// [^5]: Signals, the socket tables, and the states of standard input, standard output and its pipe.
/// [^6]: `RES_OPTIONS`, the resolver's files and the answers to its queries; also the interface's network mask and
///   `/proc/self/fd`. The child writes `/proc/self/oom_score_adj`.
/// [^7]: Any system call but those in `cf_pcap_enter_sandbox` (`CLinux/sandbox.c`).
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
        expression.report(on: capture.interface, to: log)
        guard let program = try FilterCompiler(log: log).compile(expression, for: capture, until: stops) else { return }
        try expression.attach(program, to: capture)
        try capture.start()
        try run(capture, to: output, until: stops, log: log)
    }
}
