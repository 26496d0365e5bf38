/// A file, whatever its name is: its device and inode.
struct FileIdentity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    init(_ status: Stat) {
        device = UInt64(truncatingIfNeeded: status.deviceID.rawValue)
        inode = UInt64(truncatingIfNeeded: status.inode.rawValue)
    }
}

extension Stat {
    /// Whether what is written to both goes to one file, pipe or socket. What is written to a device may go separate ways,
    /// as to /dev/null.
    func isSameFile(as other: Stat) -> Bool {
        type != .characterSpecial && FileIdentity(self) == FileIdentity(other)
    }
}

extension FileDescriptor {
    /// Whether the file ends before the place of the next bytes, which would leave a hole: somebody else has cut it.
    var endsBeforePosition: Bool {
        guard let size = try? stat().size, let position = try? seek(offset: 0, from: .current) else { return false }
        return size < position
    }
}
