import CCapability
import CLinux

/// Why a process has no CAP_NET_RAW.
struct Absence: Equatable {
    /// Each alone keeps the capability away (capabilities(7), "Transformation of capabilities during execve()").
    enum Reason: Equatable {
        /// `isCopy`: the executable is not the platform's own, which may have the capability.
        case noFileCapability(isCopy: Bool)
        case notInBoundingSet
        case noNewPrivileges
        case mountedNosuid
        case unknown
    }

    let reasons: [Reason]

    static func inThisProcess() -> Absence {
        var reasons: [Reason] = []
        if !hasFileCapability { reasons.append(.noFileCapability(isCopy: !isPlatforms)) }
        // cap_get_bound(3): 1 where the bounding set has it, 0 where it lacks it, -1 where the kernel does not know it.
        if cap_get_bound(CAP_NET_RAW) == 0 { reasons.append(.notInBoundingSet) }
        if cf_pcap_no_new_privileges() == 1 { reasons.append(.noNewPrivileges) }
        if isMountedNosuid { reasons.append(.mountedNosuid) }
        return Absence(reasons: reasons.isEmpty ? [.unknown] : reasons)
    }

    var failure: Failure {
        Failure("CAP_NET_RAW is missing: \(reasons.map { $0.description }.joined(separator: "; besides, "))")
    }

    /// Whether the executable is the platform's own, by whichever path. The corresponding C function is `stat`.
    private static var isPlatforms: Bool {
        var (own, platforms) = (stat(), stat())
        guard unsafe stat("/proc/self/exe", &own) == 0, unsafe stat("/tmp/lifecycle/cf-pcap", &platforms) == 0 else {
            return false
        }
        return own.st_dev == platforms.st_dev && own.st_ino == platforms.st_ino
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
        case .noFileCapability(let isCopy):
            """
            this executable carries no file capability. \
            \(isCopy ? "Run the one at /tmp/lifecycle/cf-pcap, not a copy. " : "" as ByteString)\
            The platform's operator enables it with diego.rep.enable_cf_pcap; where that has just been done, restart the \
            app: it still runs with what the cell had in its cache
            """
        case .notInBoundingSet:
            """
            the container's capability bounding set leaves it out. Only the platform's operator can change which \
            capabilities containers may have
            """
        case .noNewPrivileges:
            """
            the process runs with no-new-privileges set, so that file capabilities have no effect. Start it from a \
            shell of cf ssh; where that has it set too, the platform's operator has chosen Garden's option NoNewPrivileges
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
