import CLinux

/// The signal SIGHUP, which a process receives when its terminal is closed.
enum Hangup {
    /// Whether the process was started with the signal ignored, as by nohup(1). The corresponding C function is `sigaction`.
    static let isIgnored = cf_pcap_is_ignored(SIGHUP)
}
