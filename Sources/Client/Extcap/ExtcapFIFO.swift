/// The FIFO from which Wireshark reads a capture, held open until this process ends.
///
/// Wireshark's reader waits for a first writer without end, even after the capture program has failed, and shows a
/// failure only if it was printed before the last writer goes. So it is opened before all that may fail, and the
/// kernel closes it.
public struct ExtcapFIFO {
    /// Opens the FIFO when it has a reader. Throws unless the path names one of this user: anybody could make another
    /// one in a folder for all.
    ///
    /// - Parameter limit: The time to wait for the reader, which Wireshark starts after this program.
    public init(_ path: String, waitingAtMost limit: Duration = .seconds(10)) throws(UsageError) {
        guard let there = try? FilePath(path).stat(followTargetSymlink: false) else {
            throw UsageError("there is no FIFO '\(path)'")
        }
        guard there.type == .fifo, there.userID.rawValue == geteuid() else {
            throw UsageError("'\(path)' is no FIFO of this user, Wireshark makes one for each capture")
        }
        let deadline = ContinuousClock.now + limit
        let wait = ReaderWait(isStopped: { ContinuousClock.now >= deadline })
        do {
            _ = try wait.untilThereIsOne(of: path) {
                try FileDescriptor.open(FilePath(path), .writeOnly, options: [.nonBlocking, .noFollow, .closeOnExec])
            }
        } catch {
            throw UsageError("nothing reads the FIFO '\(path)': \(error)")
        }
    }
}
