import CLinux

/// The sandbox in which packets flow: no system calls but those in the table of `CLinux/sandbox.c`.
enum Sandbox {
    /// Enters the sandbox, which no process can leave. The descriptors are those that the process still uses besides the
    /// standard streams; -1 stands for none. Privileges must have been dropped. The corresponding C function is `prctl` with PR_SET_SECCOMP.
    static func enter(capture: Int32, signals: Int32, socketTables: (v4: Int32, v6: Int32)) throws(Failure) {
        let used = cf_pcap_descriptors(capture: capture, signals: signals, socket_tables: socketTables)
        guard cf_pcap_enter_sandbox(used) == 0 else {
            throw Failure("failed to enter the sandbox: \(SystemError.last.description)")
        }
    }
}
