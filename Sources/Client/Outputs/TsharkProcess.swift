internal import Synchronization

/// A tshark that was started, which leads a process group of its own.
final class TsharkProcess: Sendable {
    private enum State {
        case starting
        case running(pid_t)
        case ended
        /// The process is to be killed as soon as it runs.
        case unwanted
    }

    private let state = Mutex(State.starting)

    /// Whether it has not ended yet.
    var isRunning: Bool {
        state.withLock { if case .ended = $0 { false } else { true } }
    }

    /// Kills tshark and what it has started.
    func kill() {
        let process = state.withLock { state -> pid_t? in
            switch state {
            case .running(let process): return process
            case .starting: state = .unwanted
            case .ended, .unwanted: break
            }
            return nil
        }
        if let process { ProcessGroup.signal(process, SIGKILL) }
    }

    /// Takes the process as which it runs.
    func began(_ process: pid_t) {
        let isUnwanted = state.withLock { state in
            defer { state = .running(process) }
            return if case .unwanted = state { true } else { false }
        }
        if isUnwanted { kill() }
    }

    /// Takes its end.
    func ended() {
        state.withLock { $0 = .ended }
    }
}
