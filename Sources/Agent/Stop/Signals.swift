import CLinux

/// The signals that the agent answers. They are blocked and read from a descriptor (signalfd(2)), so that they arrive in
/// the one place that waits and never interrupt anything else.
public struct Signals: ~Copyable {
    /// The descriptor, which is readable while a signal is pending.
    let descriptor: Int32

    /// A request that a signal stands for.
    enum Request: Equatable {
        /// Stops the capture. The value is the log's name for the signal.
        case stop(ByteString)
        /// Reports the counts so far (SIGUSR1).
        case report
    }

    /// Blocks the stop signals and SIGUSR1 for the rest of the process's life; ignores SIGPIPE and SIGXFSZ, so that a
    /// write fails instead of killing the process. Throws if sigprocmask(2) or signalfd(2) fails.
    /// The corresponding C functions are `sigprocmask`, `signalfd` and `signal`.
    public init() throws(Failure) {
        for signal in [SIGPIPE, SIGXFSZ] { cf_pcap_ignore(signal) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGUSR1] + (Hangup.isIgnored ? [] : [SIGHUP]) {
            unsafe sigaddset(&signals, signal)
        }
        let isBlocked = unsafe sigprocmask(SIG_SETMASK, &signals, nil) == 0
        descriptor = isBlocked ? unsafe signalfd(-1, &signals, Int32(SFD_CLOEXEC | SFD_NONBLOCK)) : -1
        guard descriptor >= 0 else { throw Failure("failed to collect signals: \(SystemError.last.description)") }
    }

    /// Reads signals from `descriptor`, which must not wait and gives a `signalfd_siginfo` for each.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Returns the next pending signal; nil if there is none. The corresponding C function is `read`.
    func next() -> Request? {
        var signal = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor, &signal, size) == size else { return nil }
        switch Int32(bitPattern: signal.ssi_signo) {
        case SIGUSR1: return .report
        case SIGTERM: return .stop("terminated")
        case SIGHUP: return .stop("hangup")
        default: return .stop("interrupt")
        }
    }
}
