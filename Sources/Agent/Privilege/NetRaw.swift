import CCapability
import CLinux

/// The capability CAP_NET_RAW, which opens packet sockets (capabilities(7)).
public enum NetRaw {
    /// Makes the capability effective, if the process may. The corresponding C functions are `cap_get_proc`,
    /// `cap_set_flag` and `cap_set_proc`.
    ///
    /// Throws where it may not, with the reason and the remedy.
    public static func require() throws(SetupFailure) {
        guard let capabilities = unsafe cap_get_proc() else {
            throw SetupFailure("failed to read the process's capabilities: \(SystemError.last.description)")
        }
        defer { unsafe cap_free(UnsafeMutableRawPointer(capabilities)) }
        if unsafe isSet(CAP_EFFECTIVE, in: capabilities) { return }
        guard unsafe isSet(CAP_PERMITTED, in: capabilities) else { throw Absence.inThisProcess().failure }
        var value = CAP_NET_RAW
        guard unsafe cap_set_flag(capabilities, CAP_EFFECTIVE, 1, &value, CAP_SET) == 0,
            unsafe cap_set_proc(capabilities) == 0
        else {
            throw SetupFailure("failed to make CAP_NET_RAW effective: \(SystemError.last.description)")
        }
    }

    static func isSet(_ flag: cap_flag_t, in capabilities: cap_t) -> Bool {
        var value = CAP_CLEAR
        return unsafe cap_get_flag(capabilities, CAP_NET_RAW, flag, &value) == 0 && value == CAP_SET
    }
}

/// Why a process has no CAP_NET_RAW.
struct Absence: Equatable {
    /// Each alone keeps the capability away (capabilities(7), "Transformation of capabilities during execve()").
    enum Reason: Equatable {
        case noFileCapability
        case notInBoundingSet
        case noNewPrivileges
        case mountedNosuid
        case unknown
    }

    let reasons: [Reason]

    static func inThisProcess() -> Absence {
        var reasons: [Reason] = []
        if !hasFileCapability { reasons.append(.noFileCapability) }
        // 0 where the bounding set lacks it; the corresponding C macro is CAP_IS_SUPPORTED, the call cap_get_bound(3).
        if cap_get_bound(CAP_NET_RAW) == 0 { reasons.append(.notInBoundingSet) }
        if cf_pcap_no_new_privileges() == 1 { reasons.append(.noNewPrivileges) }
        if isMountedNosuid { reasons.append(.mountedNosuid) }
        return Absence(reasons: reasons.isEmpty ? [.unknown] : reasons)
    }

    var failure: SetupFailure {
        SetupFailure("CAP_NET_RAW is missing: \(reasons.map { $0.description }.joined(separator: "; besides, "))")
    }

    /// The corresponding C function is `cap_get_file`.
    private static var hasFileCapability: Bool {
        guard let capabilities = unsafe cap_get_file("/proc/self/exe") else {
            // ENODATA: there is none. Where the question itself fails, as without /proc, the answer is not known.
            return SystemError.last.number != ENODATA
        }
        defer { unsafe cap_free(UnsafeMutableRawPointer(capabilities)) }
        return unsafe NetRaw.isSet(CAP_PERMITTED, in: capabilities)
    }

    private static var isMountedNosuid: Bool {
        var information = statvfs()
        return unsafe statvfs("/proc/self/exe", &information) == 0 && information.f_flag & UInt(ST_NOSUID) != 0
    }
}

extension Absence.Reason {
    var description: ByteString {
        switch self {
        case .noFileCapability:
            """
            this executable carries no file capability. The platform's operator enables it with \
            diego.rep.enable_cf_pcap; where it is enabled, the cell may still serve a lifecycle archive that it cached \
            before: restart the app on another cell, or have the operator clear the cell's download cache
            """
        case .notInBoundingSet:
            """
            the container's capability bounding set leaves it out. Only the platform's operator can change which \
            capabilities containers may have
            """
        case .noNewPrivileges:
            """
            the process runs with no-new-privileges set, so that file capabilities have no effect. Start it from a \
            shell of cf ssh, not from a process that set it
            """
        case .mountedNosuid:
            """
            the executable lies on a file system that is mounted nosuid, where file capabilities have no effect. Run \
            the one at /tmp/lifecycle/cf-pcap, not a copy
            """
        case .unknown:
            """
            the kernel did not grant the file capability that the executable carries. It may belong to another user \
            namespace, or the process is being traced; run it directly, and tell the platform's operator if that fails
            """
        }
    }
}
