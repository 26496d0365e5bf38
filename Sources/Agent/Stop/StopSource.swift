import CLinux

/// The source of all reasons to stop, and the only place in which the agent waits for events.
///
/// It watches the signals, the SSH session and the reader of standard output while its user waits for one more
/// descriptor. It reports events, and decides nothing: after a stop it goes on to report signals.
public final class StopSource {
    private let signals: Signals
    private let session: SessionWatch
    private let stream: Int32

    /// An event that whoever waits must handle.
    enum Event: Equatable {
        /// There is a reason to stop.
        case stop(StopReason)
        /// SIGUSR1 asks for the counts so far.
        case report
    }

    // The events of the last wait that next() has not returned yet.
    private var hasSignal = true
    private var isReaderGone = false

    /// Watches `signals`, `session` if the capture ends with it, and the reader of `stream`. That is the descriptor of
    /// standard output if it leads to another process, otherwise nil. Opens what the session's watch needs.
    public init(_ signals: consuming Signals, session: SSHSession?, stream: Int32?) {
        self.signals = signals
        self.session = SessionWatch(session?.endsCapture(toStream: stream != nil) == true ? session : nil)
        self.stream = stream ?? -1
    }

    /// The descriptors that the stop source uses inside the sandbox; -1 for a socket table that is not read.
    var descriptors: (signals: Int32, socketTables: (v4: Int32, v6: Int32)) {
        (signals.descriptor, session.descriptors)
    }

    /// Waits until `descriptor` is ready for `events` (poll(2)), an event occurs, or the deadline has passed. A
    /// `descriptor` of -1 is never ready. Returns whether it is ready or has failed. The corresponding C function is
    /// `ppoll`.
    func wait(for descriptor: Int32, _ events: Int32, until deadline: MonotonicClock.Instant) -> Bool {
        var sources = (
            signals: pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            stream: pollfd(fd: stream, events: 0, revents: 0),
            other: pollfd(fd: descriptor, events: Int16(events), revents: 0)
        )
        var limit = (min(deadline, session.nextCheck) - MonotonicClock.now()).timespec
        let ready = unsafe withUnsafeMutableBytes(of: &sources) { sources in
            unsafe ppoll(sources.assumingMemoryBound(to: pollfd.self).baseAddress, 3, &limit, nil)
        }
        // A failed call, as by SIGSTOP and SIGCONT, says nothing; the next one will.
        guard ready >= 0 else { return false }
        hasSignal = sources.signals.revents != 0
        isReaderGone = sources.stream.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
        return sources.other.revents != 0
    }

    /// Returns the next event that has occurred, without waiting; nil if there is none. Reports the end of the session
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
