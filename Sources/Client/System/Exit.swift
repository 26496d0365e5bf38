@unsafe @preconcurrency internal import Dispatch
internal import Synchronization

/// The end of the process, whatever its threads wait for.
enum Exit {
    /// Ends the process after a time, if it has not ended by then. The corresponding C function is `_exit`.
    static func arm(after time: Duration, _ status: Int32) {
        let milliseconds = Int(time / .milliseconds(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { _exit(status) }
    }

    /// Runs a body that may stand in a system call which nothing can cancel, such as open(2) of a file on a disk that does
    /// not answer. If the end is asked for meanwhile and the body goes on for `time` after that, says so and ends the
    /// process with status 1.
    static func bounding<Value>(
        for time: Duration, whenAsked isAsked: @escaping @Sendable () -> Bool, say: @escaping @Sendable () -> Void,
        _ body: () async throws -> sending Value
    ) async rethrows -> sending Value {
        let asked = Mutex<ContinuousClock.Instant?>(nil)
        // A queue of its own: the body may stand in the only thread for tasks.
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "cf-pcap.exit"))
        timer.schedule(deadline: .now(), repeating: .milliseconds(100))
        timer.setEventHandler {
            guard isAsked() else { return }
            let since = asked.withLock { asked in
                asked = asked ?? .now
                return asked ?? .now
            }
            guard .now - since >= time else { return }
            say()
            _exit(1)
        }
        timer.resume()
        defer { timer.cancel() }
        return try await body()
    }
}
