import CLinux

/// The signal SIGHUP, which a process receives when its terminal is closed.
enum Hangup {
    /// Whether the process was started with SIGHUP ignored, as nohup(1) starts programs.
    ///
    /// The corresponding C function is `sigaction`.
    static let isIgnored = cf_pcap_is_ignored(SIGHUP)
}
