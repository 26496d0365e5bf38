import CLinux

/// The sockets of a process.
enum ProcessSockets {
    /// Returns the inode numbers of a process's sockets.
    ///
    /// Reads the links `socket:[INODE]` in `/proc/PID/fd` (proc_pid_fd(5)). The kernel shows them only of a process
    /// that this one may trace (ptrace(2)): one of the same user, dumpable, and without capabilities that this one
    /// lacks.
    ///
    /// - Returns: The numbers; none if the links cannot be read.
    static func inodes(of pid: Int) -> [UInt64] {
        let path: ByteString = "/proc/\(pid)/fd"
        return (names(in: path) ?? []).compactMap { linkTarget("\(path)/\($0)").flatMap(inode(ofLink:)) }
    }

    /// Parses `socket:[INODE]`. Returns nil if the text has another form.
    static func inode(ofLink target: ByteString) -> UInt64? {
        guard target.hasPrefix("socket:["), target.hasSuffix("]") else { return nil }
        return target.bytes.dropFirst("socket:[".utf8.count).dropLast().decimal(upTo: .max)
    }

    /// Returns the target of a symbolic link, up to 64 bytes, or nil if it cannot be read.
    ///
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
