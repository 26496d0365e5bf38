import CCapability
import CLinux

/// The privileges of this process.
public enum Privileges {
    /// Forbids other processes to trace this one and to read its memory, and the kernel to write a core file.
    ///
    /// Code of this process could allow it again (prctl(2)), as ``FilterChild`` does.
    ///
    /// The corresponding C functions are `prctl` with PR_SET_DUMPABLE and `setrlimit` with RLIMIT_CORE.
    public static func forbidTracingAndCores() throws(Failure) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        guard cf_pcap_set_undumpable() == 0, unsafe setrlimit(RLIMIT_CORE, &none) == 0 else {
            throw Failure("failed to shield the process from others: \(SystemError.last.description)")
        }
    }

    /// Drops all capabilities of this process for good.
    ///
    /// Empties the effective, permitted, inheritable and ambient sets, and sets no-new-privileges, so that no file that
    /// the process executes can fill them again.
    ///
    /// The corresponding C functions are `cap_set_proc`, `cap_reset_ambient` and `prctl` with PR_SET_NO_NEW_PRIVS.
    public static func drop() throws(Failure) {
        let none = unsafe cap_init()
        defer { unsafe cap_free(UnsafeMutableRawPointer(none)) }
        guard unsafe none != nil, cap_reset_ambient() == 0, unsafe cap_set_proc(none) == 0,
            cf_pcap_set_no_new_privileges() == 0
        else { throw Failure("failed to drop privileges: \(SystemError.last.description)") }
    }
}
