import CLinux

/// What the process's end tells its caller.
public enum ExitStatus: Int32 {
    /// The capture was stopped, or its reader or session went away.
    case success = 0
    /// The capture could not be set up or carried on, or packets were lost at its end.
    case failure = 1
    /// The command line was not as the usage says.
    case usage = 2
}

/// Ends the process, by `_exit`: closing the capture tidily would only make the kernel release it twice as slowly.
public func end(_ status: ExitStatus) -> Never {
    _exit(status.rawValue)
}
