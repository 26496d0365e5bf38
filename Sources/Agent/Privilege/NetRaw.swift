import CCapability
import CLinux

/// The capability CAP_NET_RAW, which a process needs to open packet sockets (capabilities(7)).
public enum NetRaw {
    /// Makes the capability effective in this process.
    ///
    /// - Throws: The reasons and remedies, if the process does not have the capability.
    ///
    /// The corresponding C functions are `cap_get_proc`, `cap_set_flag` and `cap_set_proc`.
    public static func require() throws(Failure) {
        guard let capabilities = unsafe cap_get_proc() else {
            throw Failure("failed to read the process's capabilities: \(SystemError.last.description)")
        }
        defer { unsafe cap_free(UnsafeMutableRawPointer(capabilities)) }
        if unsafe isSet(CAP_EFFECTIVE, in: capabilities) { return }
        guard unsafe isSet(CAP_PERMITTED, in: capabilities) else { throw MissingCapability.inThisProcess().failure }
        var value = CAP_NET_RAW
        guard unsafe cap_set_flag(capabilities, CAP_EFFECTIVE, 1, &value, CAP_SET) == 0,
            unsafe cap_set_proc(capabilities) == 0
        else {
            throw Failure("failed to make CAP_NET_RAW effective: \(SystemError.last.description)")
        }
    }

    /// Returns whether a capability set contains CAP_NET_RAW.
    ///
    /// - Parameters:
    ///   - set: The set: effective, permitted or inheritable.
    ///   - capabilities: The capabilities of a process or a file.
    ///
    /// The corresponding C function is `cap_get_flag`.
    static func isSet(_ set: cap_flag_t, in capabilities: cap_t) -> Bool {
        var value = CAP_CLEAR
        return unsafe cap_get_flag(capabilities, CAP_NET_RAW, set, &value) == 0 && value == CAP_SET
    }
}
