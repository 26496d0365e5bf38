@unsafe @preconcurrency internal import Dispatch
internal import Synchronization

/// A pipe through which the packets or the log of a session come.
///
/// The reader takes what is there, and decides itself when it reads on, so that no session keeps a thread from the others.
@safe final class SessionPipe: @unchecked Sendable {
    /// The result of a read.
    enum Piece<Value> {
        /// The value that the caller made of the bytes.
        case made(Value)
        /// The pipe is empty.
        case nothing
        /// The pipe is empty, and nobody writes to it any more.
        case end
    }

    /// The end that a session writes to. Whoever starts the session closes it.
    let writingEnd: FileDescriptor

    private let readingEnd: FileDescriptor
    /// Suspended unless a task waits.
    private let source: any DispatchSourceRead
    private let waiting = Mutex<CheckedContinuation<Void, Never>?>(nil)

    /// The most that one read returns, in bytes.
    private static let readSize = 256 << 10
    /// The read buffers, shared by all pipes: a thread that reads borrows one.
    private static let buffers = BufferPool(size: readSize)

    /// Creates a pipe with a buffer of the system's size, or of 256 kB where it is wide: at a hundred megabytes a second,
    /// waking up for each 64 kB costs more than all that is done with the packets. The corresponding C function is `pipe`.
    init(isWide: Bool = false) throws(Errno) {
        (readingEnd, writingEnd) = try FileDescriptor.closeOnExecPipe()
        _ = fcntl(readingEnd.rawValue, F_SETFL, O_NONBLOCK)
        #if os(Linux)
            // F_SETPIPE_SZ of fcntl(2), a macro. A user at the limit of pipe(7) keeps the default size.
            if isWide { _ = fcntl(readingEnd.rawValue, 1031, Int32(Self.readSize)) }
        #endif
        source = DispatchSource.makeReadSource(
            fileDescriptor: readingEnd.rawValue, queue: DispatchQueue.global(qos: .userInitiated))
        source.setCancelHandler { [readingEnd] in try? readingEnd.close() }
        source.setEventHandler { [weak self] in self?.wake() }
    }

    deinit {
        // A source must not be freed while it is suspended.
        source.cancel()
        source.resume()
    }

    /// Closes ``writingEnd`` where no session is started after all.
    func closeWritingEnd() {
        try? writingEnd.close()
    }

    /// Reads the bytes that are there now and passes them to `body`.
    func read<Value>(_ body: (UnsafeRawBufferPointer) -> Value) throws(Errno) -> Piece<Value> {
        let buffer = unsafe Self.buffers.acquire()
        defer { unsafe Self.buffers.release(buffer) }
        return try unsafe read(into: buffer) { unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<$0])) }
    }

    /// Reads the bytes that are there now into a buffer, and passes their number to `body`. The corresponding C function
    /// is `read`.
    func read<Value>(
        into buffer: UnsafeMutableRawBufferPointer, _ body: (Int) -> Value
    ) throws(Errno) -> Piece<Value> {
        do {
            let count = try unsafe readingEnd.read(into: buffer)
            return count == 0 ? .end : .made(body(count))
        } catch Errno.wouldBlock {
            return .nothing
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Waits until the pipe can be read, the task is cancelled, or a time has passed. Returns false in the last case.
    func waitUntilReadable(for time: Duration?) async -> Bool {
        guard let time else {
            await waitUntilReadable()
            return true
        }
        let end = ContinuousClock.now + time
        let timer = Task { [weak self] in
            try await Task.sleep(until: end, clock: .continuous)
            self?.wake()
        }
        await waitUntilReadable()
        timer.cancel()
        return .now < end
    }

    private func waitUntilReadable() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.withLock { $0 = continuation }
                source.resume()
                if Task.isCancelled { wake() }
            }
        } onCancel: {
            wake()
        }
    }

    private func wake() {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            if waiting != nil { source.suspend() }
            return waiting
        }
        continuation?.resume()
    }
}
