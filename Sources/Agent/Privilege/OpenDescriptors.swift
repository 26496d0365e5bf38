import CLinux

/// The open descriptors of this process.
enum OpenDescriptors {
    /// Closes all descriptors but the standard streams and those to keep.
    ///
    /// Reads `/proc/self/fd`, because some containers forbid close_range(2), and descriptors can be open above the
    /// present limit on their numbers.
    ///
    /// - Parameter kept: The descriptors to keep besides the standard streams.
    /// - Returns: Whether `/proc/self/fd` shows that all others are closed.
    ///
    /// The corresponding C function is `close`.
    static func closeAll(but kept: [Int32] = []) -> Bool {
        // The list includes the descriptor that has read the directory. It is closed by then, so close(2) fails.
        for _ in 0..<3 {
            guard let names = names(in: "/proc/self/fd") else { return false }
            let open = names.compactMap { $0.bytes.decimal(upTo: UInt64(Int32.max)) }.map { Int32($0) }
            let others = open.filter { $0 > STDERR_FILENO && !kept.contains($0) }
            if others.filter({ close($0) == 0 }).isEmpty { return true }
        }
        return false
    }
}
