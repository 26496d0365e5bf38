/// The process of cf that started this plugin, watched until it ends.
public struct ParentWatch: Sendable {
    /// The process's number.
    public let process: Int32

    /// Takes this process's parent. The corresponding C function is `getppid`.
    public init() {
        process = getppid()
    }

    /// Whether the parent is gone.
    var isGone: Bool { getppid() != process }

    /// Returns when the parent is gone. Throws where the task is cancelled before.
    ///
    /// POSIX tells a process nothing of its parent's end but that it has another one.
    func waitUntilGone() async throws(CancellationError) {
        while !isGone {
            do {
                try await Task.sleep(for: .milliseconds(250))
            } catch {
                throw CancellationError()
            }
        }
    }
}
