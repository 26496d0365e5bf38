internal import Dispatch

/// The end of the process, whatever its threads wait for.
enum Exit {
    /// Ends the process after a time, if it has not ended by then. The corresponding C function is `_exit`.
    static func arm(after time: Duration, _ status: Int32) {
        let milliseconds = Int(time / .milliseconds(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { _exit(status) }
    }
}
