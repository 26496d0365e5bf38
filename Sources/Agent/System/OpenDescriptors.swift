import CLinux

/// The descriptors that this process has open.
enum OpenDescriptors {
    /// Closes all but the standard streams and `kept`. Returns whether none of the others is open any more, as
    /// `/proc/self/fd` shows it: close_range(2) is not allowed everywhere, and a limit on descriptors says nothing of those
    /// that are open already. The corresponding C function is `close`.
    static func closeAll(but kept: [Int32] = []) -> Bool {
        // One that is open for a moment, as for reading the directory, is gone in the next look.
        for _ in 0..<3 {
            guard let names = names(in: "/proc/self/fd") else { return false }
            let open = names.compactMap { $0.bytes.decimal(upTo: UInt64(Int32.max)) }.map { Int32($0) }
            let others = open.filter { $0 > STDERR_FILENO && !kept.contains($0) }
            if others.filter({ close($0) == 0 }).isEmpty { return true }
        }
        return false
    }
}
