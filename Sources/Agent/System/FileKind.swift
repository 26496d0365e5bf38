import CLinux

/// The kind of a file (inode(7), `S_IFMT`).
extension stat {
    var isRegular: Bool { kind == S_IFREG }
    var isPipe: Bool { kind == S_IFIFO }
    var isSocket: Bool { kind == S_IFSOCK }
    /// Whether the file is a device, such as `/dev/null` or a terminal.
    var isDevice: Bool { kind == S_IFCHR || kind == S_IFBLK }

    /// The bits of the mode that stand for the type.
    private var kind: Int32 { Int32(bitPattern: st_mode) & S_IFMT }
}
