import CLinux

/// A regular file that a capture is written to.
struct RegularFile {
    /// The descriptor of the file.
    private let descriptor: Int32
    /// The offset of the capture's first byte in the file.
    private let start: Int
    /// Whether every write goes to the end of the file (open(2), O_APPEND).
    private let isAppended: Bool

    /// Remembers the position at which the capture begins.
    ///
    /// - Parameters:
    ///   - descriptor: The descriptor of the file.
    ///   - flags: The status flags of the descriptor (fcntl(2), F_GETFL).
    init(descriptor: Int32, flags: Int32) {
        self.descriptor = descriptor
        isAppended = flags & O_APPEND != 0
        start = lseek(descriptor, 0, SEEK_CUR)
    }

    /// Removes the last bytes of the file.
    ///
    /// - Parameters:
    ///   - offset: The offset of the first byte to remove, from the capture's first byte.
    ///   - end: The offset of the capture's end, from the capture's first byte.
    /// - Returns: Whether the bytes were removed. False, without an effect, if the file does not end at `end` or
    ///   another process has moved the position of the descriptor.
    ///
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
