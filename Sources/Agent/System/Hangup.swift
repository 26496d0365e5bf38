import CLinux

/// The signal SIGHUP, which a process gets when its terminal goes.
enum Hangup {
    /// Whether the process was started to ignore it, as nohup(1) does. The corresponding C function is `sigaction`.
    static let isIgnored = cf_pcap_is_ignored(SIGHUP)
}
