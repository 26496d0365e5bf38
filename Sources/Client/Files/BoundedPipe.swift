internal import Dispatch
internal import Synchronization

/// A pipe to a reader that may be slow: holds a bounded copy of what is written, which a thread of its own passes on, so
/// that the writer never waits. Packets for which there is no room are left out.
final class BoundedPipe: ByteDestination, Sendable {
    let name: String
    let isLive = true

    private struct State {
        var chunks: [[UInt8]] = []
        var queuedBytes = 0
        var written: Int64 = 0
        var isWriting = false
        var isClosed = false
        var failure: OutputError?
        var watch = OutputWatch()
    }

    /// The bytes that wait for a reader at most, where nothing else is said.
    static let capacity = 8 << 20

    private let descriptor: FileDescriptor
    private let capacity: Int
    private let queue: DispatchQueue
    private let state = Mutex(State())

    /// Creates a destination from the writing end of a pipe, which it closes. `capacity` is in bytes.
    init(pipe descriptor: FileDescriptor, name: String, capacity: Int = BoundedPipe.capacity) {
        self.descriptor = descriptor
        self.name = name
        self.capacity = capacity
        queue = DispatchQueue(label: "cf-pcap.pipe")
    }

    var written: Int64 { state.withLock { $0.written } }

    var hasLostReader: Bool { state.withLock { $0.failure != nil } || descriptor.hasLostReader }

    func write(packets: UnsafeRawBufferPointer, wholeLength _: (Int) -> Int) throws(OutputError) -> Bool {
        try unsafe add(packets, upTo: capacity)
    }

    func write(whole bytes: UnsafeRawBufferPointer) throws(OutputError) {
        // A stream that lacks an interface cannot be read on. These bytes are few.
        _ = try unsafe add(bytes, upTo: .max)
    }

    /// Takes the watch's times for closing. Nothing else is reported, since no write waits for this pipe.
    func report(to watch: OutputWatch) {
        state.withLock { $0.watch = watch }
    }

    /// Waits until the reader has taken all, or takes no more in the watch's times.
    func close() throws(OutputError) {
        let start = ContinuousClock.now
        let watch = state.withLock { $0.watch }
        let deadline = watch.closingDeadline ?? start + watch.closeTime
        var (lastBytes, lastProgress) = (state.withLock { $0.queuedBytes }, start)
        while true {
            let (bytes, failure) = state.withLock { ($0.isWriting ? $0.queuedBytes : 0, $0.failure) }
            if bytes == 0 || failure != nil { break }
            if bytes != lastBytes { (lastBytes, lastProgress) = (bytes, .now) }
            if .now - lastProgress > watch.stallTime || .now > deadline { break }
            usleep(5000)
        }
        let (isIdle, isLate) = state.withLock { state in
            state.isClosed = true
            let isLate = state.queuedBytes > 0 && state.failure == nil
            state.chunks = []
            return (!state.isWriting, isLate)
        }
        // A thread that still writes closes the descriptor itself.
        if isIdle { try? descriptor.close() }
        if isLate { throw .behind(name) }
    }

    private func add(_ bytes: UnsafeRawBufferPointer, upTo capacity: Int) throws(OutputError) -> Bool {
        let chunk = unsafe [UInt8](bytes)
        let result = state.withLock { state -> Result<(isTaken: Bool, mustStart: Bool), OutputError> in
            if let failure = state.failure { return .failure(failure) }
            guard state.queuedBytes <= capacity - chunk.count else { return .success((false, false)) }
            state.chunks.append(chunk)
            state.queuedBytes += chunk.count
            state.written += Int64(chunk.count)
            defer { state.isWriting = true }
            return .success((true, !state.isWriting))
        }
        let (isTaken, mustStart) = try result.get()
        if mustStart { queue.async { self.passOn() } }
        return isTaken
    }

    /// Writes what is queued, on the queue's thread.
    private func passOn() {
        while let chunk = next() {
            do throws(Errno) {
                try unsafe chunk.span.bytes.withUnsafeBytes { bytes throws(Errno) in
                    var rest = unsafe bytes
                    while unsafe !rest.isEmpty {
                        let piece = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(OutputWatch.pieceSize))
                        let count = unsafe try descriptor.writeSome(piece)
                        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                        state.withLock { $0.queuedBytes -= count }
                    }
                }
            } catch {
                let failure = error == .brokenPipe ? OutputError.readerGone : .failed(path: name, error)
                state.withLock { $0.failure = $0.failure ?? failure }
            }
        }
    }

    private func next() -> [UInt8]? {
        let (chunk, isClosed) = state.withLock { state -> ([UInt8]?, Bool) in
            guard !state.chunks.isEmpty, state.failure == nil else {
                state.isWriting = false
                return (nil, state.isClosed)
            }
            return (state.chunks.removeFirst(), false)
        }
        if isClosed { try? descriptor.close() }
        return chunk
    }
}
