import CLinux

/// The signals that the agent answers: blocked, and read from a descriptor in the one place that waits (signalfd(2)).
public struct Signals: ~Copyable {
    /// Readable when a signal has arrived.
    let descriptor: Int32

    /// What a signal asks for.
    public enum Request: Equatable {
        /// To stop; the name that the log has for the signal.
        case stop(ByteString)
        /// To report what was captured so far (SIGUSR1).
        case report
    }

    /// Whether the process was told to outlive its terminal, and so its session (nohup(1)). The C function is `sigaction`.
    public static let isHangupIgnored = cf_pcap_is_ignored(SIGHUP)

    /// Blocks the stop signals and SIGUSR1 from here on; ignores SIGPIPE and SIGXFSZ, so that a write fails instead of
    /// killing. Throws where signalfd(2) fails. The corresponding C functions are `sigprocmask`, `signalfd` and `signal`.
    public init() throws(Failure) {
        for signal in [SIGPIPE, SIGXFSZ] { cf_pcap_ignore(signal) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGUSR1] + (Self.isHangupIgnored ? [] : [SIGHUP]) {
            unsafe sigaddset(&signals, signal)
        }
        unsafe sigprocmask(SIG_SETMASK, &signals, nil)
        descriptor = unsafe signalfd(-1, &signals, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        guard descriptor >= 0 else { throw Failure("failed to collect signals: \(SystemError.last.description)") }
    }

    /// The next signal that has arrived; nil where there is none.
    func next() -> Request? {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor, &information, size) == size else { return nil }
        switch Int32(bitPattern: information.ssi_signo) {
        case SIGUSR1: return .report
        case SIGTERM: return .stop("terminated")
        case SIGHUP: return .stop("hangup")
        default: return .stop("interrupt")
        }
    }
}
