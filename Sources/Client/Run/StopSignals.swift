@unsafe @preconcurrency internal import Dispatch
internal import Synchronization

/// The signals that ask the program to stop.
final class StopSignals: Sendable {
    /// Each time one of them comes, an element.
    let stream: AsyncStream<Void>
    private let source: Mutex<any DispatchSourceRead>

    /// Takes the signals from now on, and ignores SIGPIPE: a reader that has gone is an error of write(2). A program
    /// started by nohup goes on when its terminal is closed.
    ///
    /// The handler writes to a pipe. A dispatch source for signals begins to look for them at some time after it was
    /// started, and one that came in between would be lost.
    init() {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        unsafe pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        let (reading, writing) = (ends[0], ends[1])
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        self.stream = stream
        let queue = DispatchQueue(label: "cf-pcap.signals")
        let source = DispatchSource.makeReadSource(fileDescriptor: reading, queue: queue)
        source.setEventHandler {
            var byte: UInt8 = 0
            while unsafe read(reading, &byte, 1) == 1 { continuation.yield() }
        }
        source.resume()
        self.source = Mutex(source)
        unsafe bell = writing
        for number in [SIGINT, SIGTERM] { signal(number, ring) }
        let hangup = signal(SIGHUP, ring)
        let isDetached = unsafe unsafeBitCast(hangup, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        if isDetached { signal(SIGHUP, SIG_IGN) }
    }
}

/// Set once, before the handler that reads it.
private nonisolated(unsafe) var bell: Int32 = -1

/// May interrupt anything, and so does nothing but what POSIX calls async-signal-safe. A full pipe holds enough signals.
private func ring(_: Int32) {
    let before = errno
    var byte: UInt8 = 0
    _ = unsafe write(bell, &byte, 1)
    errno = before
}
