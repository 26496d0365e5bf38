@unsafe @preconcurrency internal import Dispatch
internal import Synchronization

/// The signals that ask the program for something.
final class Signals: Sendable {
    /// A thing that a signal asks for.
    enum Request: Equatable, Sendable {
        /// The end: SIGINT, SIGTERM, SIGHUP.
        case stop
        /// The counts so far: SIGUSR1, as an agent takes it.
        case report
    }

    /// The requests, in the order in which they came. One task at a time may read it.
    let stream: AsyncStream<Request>

    private let post: AsyncStream<Request>.Continuation
    private let stopped = Mutex(false)
    private let source = Mutex<(any DispatchSourceRead)?>(nil)

    /// Takes the signals from now on, and ignores SIGPIPE: a reader that has gone is an error of write(2). A program
    /// started by nohup goes on when its terminal is closed.
    ///
    /// The handler writes to a pipe. A dispatch source for signals begins to look for them at some time after it was
    /// started, and one that came in between would be lost.
    init() {
        (stream, post) = AsyncStream.makeStream(of: Request.self)
        signal(SIGPIPE, SIG_IGN)
        // Without a pipe the signals keep their defaults, which end the process.
        guard let (reading, writing) = try? FileDescriptor.closeOnExecPipe() else { return }
        for end in [reading, writing] { _ = fcntl(end.rawValue, F_SETFL, O_NONBLOCK) }
        watch(reading.rawValue)
        unsafe bell = writing.rawValue
        for number in [SIGINT, SIGTERM, SIGUSR1] { signal(number, ring) }
        let hangup = signal(SIGHUP, ring)
        let isDetached = unsafe unsafeBitCast(hangup, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        if isDetached { signal(SIGHUP, SIG_IGN) }
    }

    /// Whether a signal has asked for the end.
    var hasAskedForStop: Bool { stopped.withLock { $0 } }

    private func watch(_ descriptor: Int32) {
        let queue = DispatchQueue(label: "cf-pcap.signals")
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [weak self] in
            var number: UInt8 = 0
            while unsafe read(descriptor, &number, 1) == 1 { self?.take(Int32(number)) }
        }
        source.resume()
        self.source.withLock { $0 = source }
    }

    private func take(_ number: Int32) {
        guard number != SIGUSR1 else {
            post.yield(.report)
            return
        }
        stopped.withLock { $0 = true }
        post.yield(.stop)
    }
}

/// The pipe's writing end. It is set once, before the handler that reads it.
private nonisolated(unsafe) var bell: Int32 = -1

/// Writes the number of a signal to the pipe. A handler may interrupt anything, so this one makes only calls that POSIX names
/// async-signal-safe. A full pipe holds enough signals.
private func ring(_ number: Int32) {
    let before = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = unsafe write(bell, &byte, 1)
    errno = before
}
