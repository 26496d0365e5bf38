import CLinux

/// The sandbox in which packets are read from the ring. The kernel begins to fill the ring shortly before. The only
/// system calls in it are those of the table in `CLinux/sandbox.c`.
enum Sandbox {
    /// Enters the sandbox for the rest of the process's life.
    ///
    /// Privileges must have been dropped. Any other system call then kills the process.
    ///
    /// - Parameters:
    ///   - capture: The packet socket.
    ///   - signals: The descriptor that signals are read from.
    ///   - socketTables: The descriptors of `/proc/net/tcp` and `/proc/net/tcp6`; -1 for one that is not read.
    /// - Throws: The system's reason, if the kernel does not accept the sandbox's filter.
    ///
    /// The corresponding C function is `prctl` with PR_SET_SECCOMP.
    static func enter(capture: Int32, signals: Int32, socketTables: (v4: Int32, v6: Int32)) throws(Failure) {
        let used = cf_pcap_descriptors(capture: capture, signals: signals, socket_tables: socketTables)
        guard cf_pcap_enter_sandbox(used) == 0 else {
            throw Failure("failed to enter the sandbox: \(SystemError.last.description)")
        }
    }
}
