/// The terminal's foreground, taken from cf for the time of a capture.
///
/// Ctrl-C would kill cf at once, and the shell would prompt while this process still ends its capture. In the foreground
/// this process alone gets the signal, cf waits for it, and the shell for cf.
public struct Foreground: ~Copyable {
    private let terminal: Int32
    private let previous: pid_t

    /// Does some work in the foreground, if this process's group has it.
    public static func held<Result>(while body: () async throws -> Result) async rethrows -> Result {
        let foreground = Foreground()
        let result = try await body()
        _ = consume foreground
        return result
    }

    /// A job in the background leaves the terminal alone, and where there is none nothing is done.
    /// The corresponding C functions are `setpgid` and `tcsetpgrp`.
    private init?() {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        let group = getpgrp()
        guard tcgetpgrp(terminal) == group, group != getpid(), setpgid(0, 0) == 0 else {
            close(terminal)
            return nil
        }
        // tcsetpgrp from the background raises SIGTTOU. Ctrl-Z would stop this process and leave the shell waiting for
        // cf, which nobody has stopped.
        signal(SIGTTOU, SIG_IGN)
        signal(SIGTSTP, SIG_IGN)
        guard tcsetpgrp(terminal, getpid()) == 0 else {
            setpgid(0, group)
            close(terminal)
            return nil
        }
        self.terminal = terminal
        self.previous = group
    }

    deinit {
        // A shell that runs a script does not take the foreground back; the rest of the script needs it.
        tcsetpgrp(terminal, previous)
        close(terminal)
    }
}
