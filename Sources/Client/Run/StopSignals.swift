@unsafe @preconcurrency internal import Dispatch
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The signals that ask the program to stop.
final class StopSignals: Sendable {
    /// Each time one of them comes, an element.
    let stream: AsyncStream<Void>
    private let sources: Mutex<[any DispatchSourceSignal]>

    /// Takes the signals from now on, and ignores SIGPIPE: a reader that has gone is an error of write(2). A program
    /// started by nohup goes on when its terminal is closed.
    init() {
        signal(SIGPIPE, SIG_IGN)
        let hangup = signal(SIGHUP, SIG_IGN)
        let isDetached = unsafe unsafeBitCast(hangup, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let queue = DispatchQueue(label: "cf-pcap.signals")
        self.stream = stream
        sources = Mutex(
            ([SIGINT, SIGTERM] + (isDetached ? [] : [SIGHUP])).map { number in
                // Ignored signals are seen by the source all the same, and by it alone.
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { continuation.yield() }
                source.resume()
                return source
            })
    }
}
