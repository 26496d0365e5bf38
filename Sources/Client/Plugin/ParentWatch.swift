#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The cf that started this plugin, for which the plugin's work is.
public struct ParentWatch: Sendable {
    private let parent: pid_t

    /// The process's parent, as long as it is still there. The corresponding C function is `getppid`.
    public init() {
        parent = getppid()
    }

    /// Returns when the parent is gone. Throws where the task is cancelled before.
    ///
    /// POSIX tells a process nothing of its parent's end but that it has another one.
    public func waitUntilGone() async throws(CancellationError) {
        while getppid() == parent {
            do {
                try await Task.sleep(for: .milliseconds(250))
            } catch {
                throw CancellationError()
            }
        }
    }
}
