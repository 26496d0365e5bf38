/// How many sessions one run holds at once.
enum SessionLimit {
    /// Each is a process of cf of 20 to 40 MB.
    private static let sessions = 200
    /// Descriptors that a session needs while it is being started: three pipes, the process, and what it is started
    /// with.
    private static let descriptors = 10
    private static let reserve = 64

    /// Asks the system for the descriptors that this takes, and gives how many sessions it allows.
    /// The corresponding C functions are `getrlimit` and `setrlimit`.
    static func raise() -> Int {
        #if canImport(Darwin)
            let files = RLIMIT_NOFILE
        #else
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #endif
        let wanted = rlim_t(sessions * descriptors + reserve)
        var limit = rlimit()
        guard unsafe getrlimit(files, &limit) == 0 else { return sessions / 10 }
        if limit.rlim_cur < wanted {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            _ = unsafe setrlimit(files, &limit)
            _ = unsafe getrlimit(files, &limit)
        }
        return max(1, (Int(clamping: min(limit.rlim_cur, wanted)) - reserve) / descriptors)
    }
}
