import CLinux

/// The descriptors that this process has open.
enum OpenDescriptors {
    /// Closes all descriptors but the standard streams and `kept`. Returns whether `/proc/self/fd` lists none of the others
    /// any more. Does not rely on close_range(2), which is not allowed everywhere, nor on the limit on descriptors, which
    /// says nothing of those that are open already. The corresponding C function is `close`.
    static func closeAll(but kept: [Int32] = []) -> Bool {
        // A descriptor that is open for a moment, as for reading the directory, is gone when it is listed again.
        for _ in 0..<3 {
            guard let names = names(in: "/proc/self/fd") else { return false }
            let open = names.compactMap { $0.bytes.decimal(upTo: UInt64(Int32.max)) }.map { Int32($0) }
            let others = open.filter { $0 > STDERR_FILENO && !kept.contains($0) }
            if others.filter({ close($0) == 0 }).isEmpty { return true }
        }
        return false
    }
}
