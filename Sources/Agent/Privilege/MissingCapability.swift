import CCapability
import CLinux

/// The reasons why this process does not have CAP_NET_RAW.
struct MissingCapability: Equatable {
    /// A reason that is sufficient to withhold the capability (capabilities(7), "Transformation of capabilities during
    /// execve()").
    enum Reason: Equatable {
        /// The executable has no file capability. If `isCopy` is true, it is not the executable that the platform
        /// installs, which may have one.
        case noFileCapability(isCopy: Bool)
        /// The bounding set of the process does not contain CAP_NET_RAW.
        case notInBoundingSet
        /// The process has the no-new-privileges flag, so that execve(2) ignores file capabilities.
        case noNewPrivileges
        /// The executable's file system is mounted `nosuid`, so that execve(2) ignores file capabilities.
        case mountedNosuid
        /// No reason was found.
        case unknown
    }

    /// The reasons, at least one.
    let reasons: [Reason]

    /// Finds the reasons in this process.
    static func inThisProcess() -> MissingCapability {
        var reasons: [Reason] = []
        if !hasFileCapability { reasons.append(.noFileCapability(isCopy: !isPlatforms)) }
        // cap_get_bound(3) returns 1 if the bounding set contains the capability, 0 if not, -1 if the kernel does not
        // know it.
        if cap_get_bound(CAP_NET_RAW) == 0 { reasons.append(.notInBoundingSet) }
        if cf_pcap_no_new_privileges() == 1 { reasons.append(.noNewPrivileges) }
        if isMountedNosuid { reasons.append(.mountedNosuid) }
        return MissingCapability(reasons: reasons.isEmpty ? [.unknown] : reasons)
    }

    /// The error that explains all reasons.
    var failure: Failure {
        Failure("CAP_NET_RAW is missing: \(reasons.map { $0.description }.joined(separator: "; besides, "))")
    }

    /// Whether the executable is the file that the platform installs.
    ///
    /// The corresponding C function is `stat`.
    private static var isPlatforms: Bool {
        var (own, platforms) = (stat(), stat())
        guard unsafe stat("/proc/self/exe", &own) == 0, unsafe stat("/tmp/lifecycle/cf-pcap", &platforms) == 0 else {
            return false
        }
        return own.st_dev == platforms.st_dev && own.st_ino == platforms.st_ino
    }

    /// Whether the executable has CAP_NET_RAW as a file capability. True if the file cannot be examined, as without
    /// `/proc`.
    ///
    /// The corresponding C function is `cap_get_file`.
    private static var hasFileCapability: Bool {
        guard let capabilities = unsafe cap_get_file("/proc/self/exe") else {
            return SystemError.last.number != ENODATA
        }
        defer { unsafe cap_free(UnsafeMutableRawPointer(capabilities)) }
        return unsafe NetRaw.isSet(CAP_PERMITTED, in: capabilities)
    }

    /// Whether the executable's file system is mounted `nosuid`.
    ///
    /// The corresponding C function is `statvfs`.
    private static var isMountedNosuid: Bool {
        var fileSystem = statvfs()
        return unsafe statvfs("/proc/self/exe", &fileSystem) == 0 && fileSystem.f_flag & UInt(ST_NOSUID) != 0
    }
}

extension MissingCapability.Reason {
    /// The reason and its remedy, in words.
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
