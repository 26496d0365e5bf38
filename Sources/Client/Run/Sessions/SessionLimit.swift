/// The number of sessions that a run can hold at once.
enum SessionLimit {
    /// Each is a process of cf of 20 to 40 MB.
    private static let sessions = 200
    /// Descriptors that a session needs while it is being started: three pipes, the process, and what it is started
    /// with.
    private static let descriptors = 10
    private static let reserve = 64

    /// Asks the system for the descriptors that this takes; returns how many sessions it allows.
    static func raise() -> Int {
        let wanted = UInt64(sessions * descriptors + reserve)
        let files = min(ResourceLimits.raiseFiles(to: wanted), wanted)
        return max(1, (Int(files) - reserve) / descriptors)
    }
}
