extension FilePath {
    /// Whether the path, which exists, may be written to because somebody has named it: not a regular file, and of this
    /// user. A device, or a descriptor of this process, is nobody's trap.
    var mayBeChosen: Bool {
        guard let there = try? stat(), there.type != .regular else { return false }
        let name = lexicallyNormalized().string
        let isOwn =
            ["/dev/stdout", "/dev/stderr"].contains(name) || name.hasPrefix("/dev/fd/")
            || name.hasPrefix("/proc/self/fd/")
        return there.type == .characterSpecial || there.type == .directory || isOwn
            || there.userID.rawValue == geteuid()
    }
}
