import CLinux

/// The signals that the agent answers.
public enum Signals {
    /// A request to stop, by the name that the log has for it.
    enum Stop {
        case interrupt, terminated, hangup

        var name: ByteString {
            switch self {
            case .interrupt: "interrupt"
            case .terminated: "terminated"
            case .hangup: "hangup"
            }
        }

        func describe(in log: Log) {
            log.info("received signal, stopping capture") { $0.add("signal", name) }
        }
    }

    /// What arrived since the last look.
    struct Arrived {
        var stop: Stop?
        var wantsReport = false
    }

    /// Whether the process was told to outlive its terminal (nohup(1)), and so its session.
    public static let isHangupIgnored = cf_pcap_is_ignored(SIGHUP)

    /// Notes stop signals and SIGUSR1 from here on. Writing to a reader that is gone, or beyond a limit on file sizes,
    /// fails instead of killing. The corresponding C function is `sigaction`.
    public static func install() {
        for signal in [SIGINT, SIGTERM, SIGUSR1] { cf_pcap_note(signal) }
        if !isHangupIgnored { cf_pcap_note(SIGHUP) }
        for signal in [SIGPIPE, SIGXFSZ] { cf_pcap_ignore(signal) }
    }

    /// Looks at signals since the last one that were let in.
    private nonisolated(unsafe) static var looks: UInt8 = 0

    /// The signals since the last call; each is given once.
    static func take() -> Arrived {
        // A wait lets them in as well, if there is anything to wait for; every fourth look is soon enough, and saves
        // two system calls in the others.
        unsafe looks &+= 1
        if unsafe looks % 4 == 0 { cf_pcap_let_signals_in() }
        let bits = cf_pcap_take_signals()
        func has(_ signal: Int32) -> Bool { bits & 1 << UInt64(signal) != 0 }
        return Arrived(
            stop: has(SIGINT) ? .interrupt : has(SIGTERM) ? .terminated : has(SIGHUP) ? .hangup : nil,
            wantsReport: has(SIGUSR1))
    }

    /// Takes the stop signal that has arrived and logs it.
    public static func logStop(in log: Log) {
        if let stop = take().stop { stop.describe(in: log) }
    }

    /// Whether a stop signal has arrived that was not taken yet.
    static var isStopPending: Bool {
        cf_pcap_pending_signals() & (1 << UInt64(SIGINT) | 1 << UInt64(SIGTERM) | 1 << UInt64(SIGHUP)) != 0
    }
}
