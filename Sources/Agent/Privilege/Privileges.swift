import CCapability
import CLinux

/// What the process may do beyond what its user may.
public enum Privileges {
    /// From here on nobody may trace the process or read its memory, and a crash leaves no image of it.
    /// The corresponding C functions are `prctl` and `setrlimit`.
    public static func shield() throws(Failure) {
        guard cf_pcap_set_undumpable() == 0, cf_pcap_forbid_core() == 0 else {
            throw Failure("failed to shield the process from others: \(SystemError.last.description)")
        }
    }

    /// Gives everything up for good. The capability sets (effective, permitted, inheritable, ambient) are empty, and no
    /// file that the process could execute raises them again.
    /// The corresponding C functions are `cap_set_proc`, `cap_reset_ambient` and `prctl`.
    public static func drop() throws(Failure) {
        let none = unsafe cap_init()
        defer { unsafe cap_free(UnsafeMutableRawPointer(none)) }
        guard unsafe none != nil, cap_reset_ambient() == 0, unsafe cap_set_proc(none) == 0,
            cf_pcap_set_no_new_privileges() == 0
        else { throw Failure("failed to drop privileges: \(SystemError.last.description)") }
    }
}
