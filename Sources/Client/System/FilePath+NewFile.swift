extension FilePath {
    /// Puts a new, empty file in the place of the one at this path and opens it; nil if that cannot be.
    ///
    /// The corresponding C function is `rename`.
    func replaceByNewFile() -> FileDescriptor? {
        let temporary = FilePath("\(string).\(getpid())")
        let new = try? FileDescriptor.open(
            temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: [.ownerReadWrite])
        guard let new else { return nil }
        if unsafe rename(temporary.string, string) == 0 { return new }
        try? new.close()
        try? temporary.unlink()
        return nil
    }

    /// Removes the file's name. The corresponding C function is `unlink`.
    func unlink() throws(Errno) {
        let isRemoved = unsafe withPlatformString { unsafe Self.remove($0) == 0 }
        if !isRemoved { throw Errno(rawValue: errno) }
    }

    private static func remove(_ path: UnsafePointer<CInterop.PlatformChar>) -> Int32 {
        #if canImport(Darwin)
            unsafe Darwin.unlink(path)
        #else
            unsafe Glibc.unlink(path)
        #endif
    }
}
