import CLinux

/// A regular file on standard output.
struct RegularFile {
    private let descriptor: Int32
    /// The offset of the capture's first byte.
    private let start: Int
    /// Whether every write goes to the end of the file (open(2), O_APPEND).
    private let isAppended: Bool

    /// `flags` are the descriptor's status flags (fcntl(2), F_GETFL).
    init(descriptor: Int32, flags: Int32) {
        self.descriptor = descriptor
        isAppended = flags & O_APPEND != 0
        start = lseek(descriptor, 0, SEEK_CUR)
    }

    /// Removes the bytes from `offset` to `end`, both counted from the capture's first byte. Returns false, and removes
    /// nothing, if `end` is not the end of the file or somebody else has moved the descriptor's position.
    /// The corresponding C functions are `lseek` and `ftruncate`.
    func truncate(from offset: Int, to end: Int) -> Bool {
        guard !isAppended, start >= 0, lseek(descriptor, 0, SEEK_CUR) == start + end else { return false }
        guard lseek(descriptor, 0, SEEK_END) == start + end else {
            lseek(descriptor, start + end, SEEK_SET)
            return false
        }
        let length = start + offset
        return ftruncate(descriptor, length) == 0 && lseek(descriptor, length, SEEK_SET) == length
    }
}
