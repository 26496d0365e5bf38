import CCapability
import CLinux

/// What the process may do beyond what its user may.
public enum Privileges {
    /// Gives everything up for good. The capability sets (effective, permitted, inheritable, ambient) are empty, no file
    /// that the process could execute raises them again, nobody may trace it or read its memory, and a crash leaves no
    /// image of it.
    ///
    /// The corresponding C functions are `cap_set_proc`, `cap_reset_ambient`, `prctl` and `setrlimit`.
    public static func drop() throws(Failure) {
        guard let none = unsafe cap_init() else { throw failure() }
        defer { unsafe cap_free(UnsafeMutableRawPointer(none)) }
        guard cap_reset_ambient() == 0, unsafe cap_set_proc(none) == 0,
            cf_pcap_set_no_new_privileges() == 0, cf_pcap_set_undumpable() == 0, cf_pcap_forbid_core() == 0
        else { throw failure() }
    }

    private static func failure() -> Failure {
        Failure("failed to drop privileges: \(SystemError.last.description)")
    }
}
