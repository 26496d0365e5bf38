import CLinux

/// The exit status of the process.
public enum ExitStatus: Int32 {
    /// The capture was stopped, or its reader or session has ended.
    case success = 0
    /// The capture could not begin or continue, or packets were lost at its end.
    case failure = 1
    /// The command line has an error.
    case usage = 2
}

/// Ends the process.
///
/// Does not close the capture: the kernel closes it when the process ends, and closing it twice takes twice the time.
///
/// The corresponding C function is `_exit`.
public func end(_ status: ExitStatus) -> Never {
    _exit(status.rawValue)
}
