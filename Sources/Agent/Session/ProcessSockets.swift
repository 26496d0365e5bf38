import CLinux

/// The sockets that a process holds.
enum ProcessSockets {
    /// Their inode numbers, from the links `socket:[INODE]` in `/proc/PID/fd` (proc_pid_fd(5)). None where these are not
    /// readable: another user's process, one that is not dumpable, or one with a capability that the agent has not (ptrace(2)).
    static func inodes(of process: Int) -> [UInt64] {
        let path: ByteString = "/proc/\(process)/fd"
        return (names(in: path) ?? []).compactMap { linkTarget("\(path)/\($0)").flatMap(inode(ofLink:)) }
    }

    static func inode(ofLink target: ByteString) -> UInt64? {
        guard target.hasPrefix("socket:["), target.hasSuffix("]") else { return nil }
        return target.bytes.dropFirst("socket:[".utf8.count).dropLast().decimal(upTo: .max)
    }

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
