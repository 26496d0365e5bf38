import CLinux

/// The signals that the agent handles: SIGINT, SIGTERM, SIGHUP and SIGUSR1.
///
/// The signals are blocked and read from a descriptor (signalfd(2)), so that they never interrupt a call.
public struct Signals: ~Copyable {
    /// The descriptor, readable while a signal is pending.
    let descriptor: Int32

    /// The meaning of a signal.
    enum Request: Equatable {
        /// Stops the capture. The text is the log's name for the signal.
        case stop(ByteString)
        /// Reports the counts so far (SIGUSR1).
        case report
    }

    /// Blocks the handled signals, and ignores SIGPIPE and SIGXFSZ, so that a write fails instead of ending the
    /// process.
    ///
    /// SIGHUP stays ignored, and is not blocked, if the process was started so (``Hangup/isIgnored``).
    ///
    /// - Throws: The system's reason, if a call fails.
    ///
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

    /// Reads signals from any non-blocking descriptor that gives a `signalfd_siginfo` for each.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Returns the next pending signal's meaning, or nil if no signal is pending.
    ///
    /// The corresponding C function is `read`.
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
