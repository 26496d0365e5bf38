import CLinux

/// The sockets that a process holds.
enum ProcessSockets {
    /// Returns their inode numbers, from the links `socket:[INODE]` in `/proc/PID/fd` (proc_pid_fd(5)). Returns none if the
    /// links are not readable (ptrace(2)): the process is another user's, is not dumpable, or has a capability that the
    /// agent has not.
    static func inodes(of pid: Int) -> [UInt64] {
        let path: ByteString = "/proc/\(pid)/fd"
        return (names(in: path) ?? []).compactMap { linkTarget("\(path)/\($0)").flatMap(inode(ofLink:)) }
    }

    /// Returns the inode number in `socket:[INODE]`; nil if the target is anything else.
    static func inode(ofLink target: ByteString) -> UInt64? {
        guard target.hasPrefix("socket:["), target.hasSuffix("]") else { return nil }
        return target.bytes.dropFirst("socket:[".utf8.count).dropLast().decimal(upTo: .max)
    }

    /// The corresponding C function is `readlink`.
    private static func linkTarget(_ path: ByteString) -> ByteString? {
        var target = [UInt8](repeating: 0, count: 64)
        let count = unsafe path.withCString { path in
            unsafe target.withUnsafeMutableBytes { target in
                unsafe readlink(path, target.baseAddress!.assumingMemoryBound(to: CChar.self), target.count)
            }
        }
        return count < 0 ? nil : ByteString(target.prefix(count))
    }
}
