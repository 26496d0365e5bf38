import CLinux

/// The exit status of the process.
public enum ExitStatus: Int32 {
    /// The capture was stopped, or its reader or session has gone.
    case success = 0
    /// The capture could not be set up or carried on, or packets were lost at its end.
    case failure = 1
    /// The command line is not as the usage says.
    case usage = 2
}

/// Ends the process by `_exit`. Closing the capture first would only double the time that the kernel needs to release it.
public func end(_ status: ExitStatus) -> Never {
    _exit(status.rawValue)
}
