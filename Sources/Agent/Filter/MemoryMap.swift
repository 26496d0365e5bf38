import CLinux

/// The memory mappings of this process, from `/proc/self/maps` (proc_pid_maps(5)).
enum MemoryMap {
    /// Excludes shared mappings from child processes. The ring of the capture is the only shared mapping.
    ///
    /// - Returns: Whether there is a shared mapping, and all of them are excluded.
    ///
    /// The corresponding C function is `madvise` with MADV_DONTFORK.
    static func withholdSharedFromChildren() -> Bool {
        let lines = (contents(of: "/proc/self/maps") ?? []).split(separator: UInt8(ascii: "\n"))
        let ranges = lines.compactMap { sharedRange($0) }
        if ranges.isEmpty { return false }
        for range in ranges {
            // The addresses are those of a mapping of this process. The call neither reads nor moves the memory.
            let start = unsafe UnsafeMutableRawPointer(bitPattern: range.lowerBound)
            guard unsafe madvise(start, range.count, MADV_DONTFORK) == 0 else { return false }
        }
        return true
    }

    /// Returns the addresses of a shared mapping from its line, `START-END rw-s …`. Returns nil for any other line.
    static func sharedRange(_ line: some Collection<UInt8>) -> Range<UInt>? {
        let columns = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard columns.count == 3, columns[1].dropFirst(3).elementsEqual("s".utf8) else { return nil }
        let ends = columns[0].split(separator: UInt8(ascii: "-"))
        guard ends.count == 2, let start = ends[0].hexadecimal(as: UInt.self),
            let end = ends[1].hexadecimal(as: UInt.self), start < end
        else { return nil }
        return start..<end
    }
}
