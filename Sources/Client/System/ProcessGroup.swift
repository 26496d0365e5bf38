/// A process with all that it has started, unless that has left its group.
enum ProcessGroup {
    /// Sends a signal to the group that a process leads or has led, or just looks for the group if the signal is 0. Returns
    /// whether there is one. The corresponding C function is `kill`.
    @discardableResult
    static func signal(_ leader: pid_t, _ number: Int32) -> Bool {
        kill(-leader, number) == 0
    }
}
