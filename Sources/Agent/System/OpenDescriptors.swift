import CLinux

/// The descriptors that this process has open.
enum OpenDescriptors {
    /// Closes all but the standard streams and `kept`. Returns whether none of the others is open any more, as
    /// `/proc/self/fd` shows it: close_range(2) is not allowed everywhere, and a limit on descriptors says nothing of those
    /// that are open already. The corresponding C function is `close`.
    static func closeAll(but kept: [Int32] = []) -> Bool {
        // One that is open for a moment, as for reading the directory, is gone in the next look.
        for _ in 0..<3 {
            guard let open = others(than: kept) else { return false }
            if open.filter({ close($0) == 0 }).isEmpty { return true }
        }
        return false
    }

    private static func others(than kept: [Int32]) -> [Int32]? {
        names(in: "/proc/self/fd")?.compactMap { name in
            guard let number = name.bytes.decimal(upTo: UInt64(Int32.max)).map(Int32.init) else { return nil }
            return number > STDERR_FILENO && !kept.contains(number) ? number : nil
        }
    }
}
