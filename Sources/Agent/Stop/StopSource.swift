import CLinux

/// Waits for events, and reports the reasons to stop: a signal, the end of the SSH session, or of standard output's
/// reader.
///
/// No other wait of the agent notices these events: neither those for standard error (``Log``, 200 ms without progress)
/// and a write to a file, nor the one for the end of a killed child. The caller adds one descriptor of its own to each
/// wait. After a stop, the source continues to report signals.
public final class StopSource {
    private let signals: Signals
    /// The watch over the SSH session.
    private let session: SessionWatch
    /// The descriptor of standard output if it leads to another process, otherwise -1.
    private let stream: Int32

    /// An event that the caller must handle.
    enum Event: Equatable {
        /// A reason to stop.
        case stop(StopReason)
        /// A request for the counts so far (SIGUSR1).
        case report
    }

    /// Whether a signal may be pending.
    private var hasSignal = true
    /// Whether the last wait found that the reader is gone.
    private var isReaderGone = false

    /// Creates a source of reasons to stop.
    ///
    /// Opens the socket tables if the capture ends with the session.
    ///
    /// - Parameters:
    ///   - signals: The signals.
    ///   - session: The SSH session, or nil if none was found.
    ///   - stream: The descriptor of standard output if it leads to another process, otherwise nil.
    public init(_ signals: consuming Signals, session: SSHSession?, stream: Int32?) {
        self.signals = signals
        self.session = SessionWatch(session?.endsCapture(toStream: stream != nil) == true ? session : nil)
        self.stream = stream ?? -1
    }

    /// The descriptors that the source uses in the sandbox; -1 for a socket table that is not read.
    var descriptors: (signals: Int32, socketTables: (v4: Int32, v6: Int32)) {
        (signals.descriptor, session.descriptors)
    }

    /// Waits for a descriptor, an event or a deadline.
    ///
    /// - Parameters:
    ///   - descriptor: The descriptor; -1 if the caller waits for none.
    ///   - events: The events of the descriptor (poll(2)).
    ///   - deadline: The moment at which the wait ends at the latest.
    /// - Returns: Whether the descriptor is ready or has failed.
    ///
    /// The corresponding C function is `ppoll`.
    func wait(for descriptor: Int32, _ events: Int32, until deadline: MonotonicClock.Instant) -> Bool {
        var sources = (
            signals: pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            stream: pollfd(fd: stream, events: 0, revents: 0),
            other: pollfd(fd: descriptor, events: Int16(events), revents: 0)
        )
        var limit = (min(deadline, session.nextCheck) - MonotonicClock.now()).timespec
        // The members of a tuple of one type are adjacent, as the elements of a C array are.
        let ready = unsafe withUnsafeMutableBytes(of: &sources) { sources in
            unsafe ppoll(sources.assumingMemoryBound(to: pollfd.self).baseAddress, 3, &limit, nil)
        }
        // A failed call, as after SIGSTOP and SIGCONT (EINTR), reports no event. The next call does.
        guard ready >= 0 else { return false }
        hasSignal = sources.signals.revents != 0
        isReaderGone = sources.stream.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
        return sources.other.revents != 0
    }

    /// Returns the next event that has occurred, or nil if there is none. Does not wait. Reports the end of the session
    /// once.
    func next(at now: MonotonicClock.Instant) -> Event? {
        if hasSignal {
            switch signals.next() {
            case .stop(let name): return .stop(.signal(name))
            case .report: return .report
            case nil: hasSignal = false
            }
        }
        if session.nextCheck <= now, !session.check() { return .stop(.sessionEnded) }
        guard isReaderGone else { return nil }
        isReaderGone = false
        return .stop(.readerGone)
    }
}
