/// The limits of this process that leave no room for a capture.
///
/// The runtime and its libraries end the process, or stand still, where they get no descriptor, memory or thread. So the
/// limits are looked at before the first thread is started. `cf` inherits them.
public enum ResourceLimits {
    /// A limit that is too low.
    public struct TooLow: Error, Equatable, CustomStringConvertible {
        public let description: String

        /// Tells it on standard error, without a thread.
        public func tell() {
            _ = try? FileDescriptor.standardError.writeAll("error: \(description)\n".utf8)
        }
    }

    /// The descriptors that a capture of one instance takes at most.
    static let files: UInt64 = 74
    /// The address space that this process and each cf reserve at most, in bytes: they use a tenth of it.
    static let addressSpace: UInt64 = 1 << 30
    /// The threads and processes that a capture of one instance takes at most.
    static let threads = 32

    /// Throws if a limit leaves no room, after raising it as far as this process may. To be called before there is a second
    /// thread.
    public static func check() throws(TooLow) {
        let files = raiseFiles(to: Self.files)
        guard files >= Self.files else {
            throw TooLow(
                description: "\(files) files may be open at once (ulimit -n), and a capture takes \(Self.files) or more"
            )
        }
        let space = limit(.addressSpace).soft
        guard space >= Self.addressSpace else {
            throw TooLow(
                description: """
                    virtual memory is limited to \(space >> 20) MB (ulimit -v), and this program and cf reserve \
                    \(Self.addressSpace >> 20) MB each, though they use a tenth of it
                    """)
        }
        let threads = startableThreads(atMost: Self.threads)
        guard threads >= Self.threads else {
            throw TooLow(
                description: """
                    \(threads) more threads or processes can be started (ulimit -u, or pids.max of a container), and a capture \
                    takes \(Self.threads) or more
                    """)
        }
    }

    /// Raises the soft limit on descriptors as far as the hard one allows; returns the soft limit.
    static func raiseFiles(to wanted: UInt64) -> UInt64 {
        let (soft, hard) = limit(.files)
        guard soft < wanted, soft < hard else { return soft }
        var limit = rlimit(rlim_cur: rlim_t(min(wanted, hard)), rlim_max: rlim_t(hard))
        _ = unsafe setrlimit(Resource.files.number, &limit)
        return Self.limit(.files).soft
    }

    // MARK: The system's calls

    private enum Resource {
        case files
        case addressSpace

        #if canImport(Darwin)
            var number: Int32 { self == .files ? RLIMIT_NOFILE : RLIMIT_AS }
        #else
            var number: __rlimit_resource_t {
                __rlimit_resource_t((self == .files ? RLIMIT_NOFILE : RLIMIT_AS).rawValue)
            }
        #endif
    }

    /// The corresponding C function is `getrlimit`. What cannot be asked for counts as unlimited.
    private static func limit(_ resource: Resource) -> (soft: UInt64, hard: UInt64) {
        var limit = rlimit()
        guard unsafe getrlimit(resource.number, &limit) == 0 else { return (.max, .max) }
        return (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
    }

    /// Starts threads that wait for each other, and ends them; returns how many there could be, up to `most`.
    ///
    /// The system tells no limit on them: that of a user counts the threads of all his processes, and a container has its own.
    private static func startableThreads(atMost most: Int) -> Int {
        let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        defer { unsafe gate.deallocate() }
        unsafe pthread_mutex_init(gate, nil)
        unsafe pthread_mutex_lock(gate)
        var threads: [pthread_t] = []
        while threads.count < most, let thread = unsafe startThread(behind: gate) { threads.append(thread) }
        unsafe pthread_mutex_unlock(gate)
        for thread in threads { join(thread) }
        return threads.count
    }

    private static func join(_ thread: pthread_t) {
        #if canImport(Darwin)
            unsafe pthread_join(thread, nil)
        #else
            pthread_join(thread, nil)
        #endif
    }

    /// Starts a thread that ends when it has had the mutex; nil if there can be none.
    private static func startThread(behind gate: UnsafeMutablePointer<pthread_mutex_t>) -> pthread_t? {
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let status = unsafe pthread_create(
            &thread, nil,
            { gate in
                #if canImport(Darwin)
                    let mutex = unsafe gate.assumingMemoryBound(to: pthread_mutex_t.self)
                #else
                    guard let mutex = unsafe gate?.assumingMemoryBound(to: pthread_mutex_t.self) else { return nil }
                #endif
                unsafe pthread_mutex_lock(mutex)
                unsafe pthread_mutex_unlock(mutex)
                return nil
            }, gate)
        return status == 0 ? thread : nil
    }
}
