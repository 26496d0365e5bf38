import CLinux

/// The sockets that a process holds.
enum ProcessSockets {
    /// Their inode numbers, from the links `socket:[INODE]` in `/proc/PID/fd` (proc_pid_fd(5)); nil where that folder is
    /// not readable: another user's process, or one that is not dumpable.
    static func inodes(of process: Int) -> [UInt64]? {
        let path: ByteString = "/proc/\(process)/fd"
        guard let directory = unsafe path.withCString({ unsafe opendir($0) }) else { return nil }
        defer { unsafe closedir(directory) }
        var inodes: [UInt64] = []
        while let entry = unsafe readdir(directory) {
            // d_name is NUL-terminated; the entry stays valid until the next call of readdir(3).
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe ByteString(cString: $0) }
            }
            if let inode = linkTarget("\(path)/\(name)").flatMap(inode(ofLink:)) { inodes.append(inode) }
        }
        return inodes
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
