import CLinux

/// The signal SIGHUP, which a process receives when its terminal is closed.
enum Hangup {
    /// Whether the process was started with SIGHUP ignored. nohup(1) starts programs so, and a daemon that ignores
    /// SIGHUP itself starts all programs so.
    ///
    /// The value is read at its first use. The agent never changes the action of SIGHUP, so it is that of the start.
    ///
    /// The corresponding C function is `sigaction`.
    static let isIgnored = cf_pcap_is_ignored(SIGHUP)
}
