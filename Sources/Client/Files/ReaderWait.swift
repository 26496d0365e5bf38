/// The wait for a FIFO's reader. A thread that stands in open(2) could not be told that a person wants the end.
struct ReaderWait: Sendable {
    /// Says to a person what is waited for.
    var tell: @Sendable (String) -> Void = { _ in }
    /// Whether to wait no longer.
    var isStopped: @Sendable () -> Bool = { false }

    /// The time between two attempts, in microseconds. The kernel tells a writer nothing of a reader that comes.
    private static let pause: UInt32 = 50_000

    /// Calls `open`, which must not wait, until it no longer throws ENXIO: fifo(7) has that for a FIFO without a reader.
    func untilThereIsOne(of path: String, _ open: () throws -> FileDescriptor) throws -> FileDescriptor {
        var isTold = false
        while true {
            do {
                return try open()
            } catch Errno.noSuchAddressOrDevice {
                if !isTold { tell("Waiting for a reader of '\(path)'.") }
                isTold = true
                guard !isStopped() else { throw OutputError.neverRead(path) }
                usleep(Self.pause)
            }
        }
    }
}
