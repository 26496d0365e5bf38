import CLinux

/// Lists a directory.
///
/// - Returns: The names of its entries, including `.` and `..`, or nil if the directory cannot be opened.
///
/// The corresponding C functions are `opendir` and `readdir`.
func names(in path: ByteString) -> [ByteString]? {
    guard let directory = unsafe path.withCString({ unsafe opendir($0) }) else { return nil }
    defer { unsafe closedir(directory) }
    var found: [ByteString] = []
    while let entry = unsafe readdir(directory) {
        // d_name is NUL-terminated, and the entry is valid until the next call of readdir(3).
        unsafe withUnsafePointer(to: &entry.pointee.d_name) {
            unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe found.append(ByteString(cString: $0)) }
        }
    }
    return found
}
