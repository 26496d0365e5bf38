import CLinux

/// A regular file on standard output.
struct RegularFile {
    private let descriptor: Int32
    /// Where the first byte of the capture stands.
    private let start: Int
    /// Whether every write goes to the end, wherever that is (open(2), O_APPEND).
    private let isAppended: Bool

    /// `flags` are the descriptor's status flags.
    init(descriptor: Int32, flags: Int32) {
        self.descriptor = descriptor
        isAppended = flags & O_APPEND != 0
        start = lseek(descriptor, 0, SEEK_CUR)
    }

    /// Cuts off the bytes from `offset` to `end`, both counted from the first byte of the capture, if `end` is the end of
    /// the file and nobody else has moved the descriptor's position. Returns whether it did.
    /// The corresponding C functions are `lseek` and `ftruncate`.
    func cut(from offset: Int, to end: Int) -> Bool {
        guard !isAppended, start >= 0, lseek(descriptor, 0, SEEK_CUR) == start + end else { return false }
        guard lseek(descriptor, 0, SEEK_END) == start + end else {
            lseek(descriptor, start + end, SEEK_SET)
            return false
        }
        let cut = start + offset
        return ftruncate(descriptor, cut) == 0 && lseek(descriptor, cut, SEEK_SET) == cut
    }
}
