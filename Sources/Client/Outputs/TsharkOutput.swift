internal import Dispatch
internal import Synchronization

/// A reader of the lines that tshark prints.
protocol TsharkReader: Sendable {
    /// Whether the reader takes no more.
    var isClosed: Bool { get }
    /// Reads lines to the end of a pipe. Called on a queue that it may block, once for each start of tshark, which was given
    /// so many packets before this start.
    func read(_ lines: FileDescriptor, after packets: UInt64)
    /// Takes the number of packets that tshark was not given so far, because it was too slow.
    func leftOut(_ packets: UInt64)
    /// Takes the end, after the last lines: tshark was given so many packets. If it is `cut`, it has not printed all that it
    /// would have. Called on the queue of ``read(_:after:)``.
    func finish(given packets: UInt64, cut: Bool)
}

/// A stream of packets to tshark.
///
/// tshark keeps in memory what it has seen, so that it is started anew after ``restartInterval`` packets. The new one prints
/// when the old one has printed all.
///
/// The restart goes through the calls of ``Output``: ``isDue(packets:at:)`` asks for it, the consumer closes the input of the
/// old tshark and calls ``didClose(packets:isLast:failure:)``, and ``open()`` starts the new one for the next packet.
final class TsharkOutput: Output {
    let name = "tshark"
    let isRequired: Bool

    private let tshark: Tshark
    private let arguments: [String]
    private let reader: any TsharkReader
    private let lines: OutputLines
    private let restartInterval: UInt64
    /// The consequence of tshark's end, for messages.
    private let consequence: String
    private let watch: Watch?
    private let queue = DispatchQueue(label: "cf-pcap.tshark")
    private let failure = Failure()
    private var input: TsharkInput?
    /// The running tshark, and those before it that still print.
    private var processes: [TsharkProcess] = []
    private var hasToldRestart = false
    private var reported: UInt64 = 0
    /// The packets that tshark was given before its present start.
    private var packets: UInt64 = 0
    /// Whether tshark was not given the last packets, because it did not take them in time.
    private var isBehind = false

    /// A use of tshark that the capture depends on: it looks for the event that ends it.
    struct Watch {
        /// The warning for the first packet that tshark is too slow for.
        let warning: String
        /// The bytes that wait for tshark at most: those of seconds, as tshark takes one or two to start.
        let capacity: Int
    }

    /// The packets after which tshark is started anew: 0.2 to 0.6 GB of memory.
    static let restartInterval: UInt64 = 200_000
    /// The longest time for which the end waits for a tshark that was killed.
    static let killTime = Duration.milliseconds(250)

    /// Creates a stream. If it is `isRequired`, the merge waits for tshark, else packets are left out that tshark is too
    /// slow for. If tshark ends by itself the capture goes on, unless it is a `watch`.
    init(
        _ tshark: Tshark, _ arguments: [String], isRequired: Bool, reader: any TsharkReader, consequence: String,
        watch: Watch? = nil, lines: OutputLines, restartInterval: UInt64 = TsharkOutput.restartInterval
    ) {
        self.tshark = tshark
        self.arguments = arguments
        self.isRequired = isRequired
        self.reader = reader
        self.lines = lines
        self.restartInterval = restartInterval
        self.consequence = consequence
        self.watch = watch
    }

    func open() throws(OutputError) -> any ByteDestination {
        let (input, writing) = try Self.pipe()
        let (reading, output) = try Self.pipe()
        let process = tshark.start(arguments, input: input, output: output) {
            [failure, reader, consequence, tell = watch == nil ? lines.fail : lines.end] words in
            // A reader that has gone ends tshark as well, which nobody needs to be told.
            guard let words, !reader.isClosed, failure.set() else { return }
            tell("tshark has ended, and \(consequence): \(words)")
        }
        processes = processes.filter(\.isRunning) + [process]
        queue.async { [reader, packets] in
            reader.read(reading, after: packets)
            try? reading.close()
        }
        let pipe: any ByteDestination =
            isRequired
            ? Destination(pipe: writing, name: name)
            : BoundedPipe(pipe: writing, name: name, capacity: watch?.capacity ?? BoundedPipe.capacity)
        let destination = TsharkInput(pipe, reader: reader)
        self.input = destination
        return destination
    }

    func isDue(packets: UInt64, at _: ContinuousClock.Instant) -> Bool {
        guard packets >= restartInterval else { return false }
        // The consumer closes this input now, and the merge must not wait for the old tshark to read the rest of it.
        input?.closesLater = true
        return true
    }

    func didClose(packets: UInt64, isLast: Bool, failure: OutputError?) throws(OutputError) {
        self.packets += packets
        if isLast {
            isBehind = failure == .behind(name)
            if let failure { throw failure }
            return
        }
        if !hasToldRestart {
            lines.say(
                """
                tshark is started anew every \(restartInterval) packets, to bound its memory: it follows no connection \
                across that.
                """)
        }
        hasToldRestart = true
    }

    func leftOut(_ packets: UInt64) {
        if reported == 0, let watch { lines.warn(watch.warning) }
        reported = packets
        reader.leftOut(packets)
    }

    /// Waits for tshark's last lines. At the deadline kills each tshark that still prints or does not end.
    func waitForReader(until deadline: ContinuousClock.Instant) throws(OutputError) {
        let isLate = !finishesQueue(within: max(.zero, deadline - .now)) {}
        if isLate {
            // Its end is no failure of its own.
            _ = failure.set()
            for process in processes { process.kill() }
        }
        let isCut = isLate || isBehind
        _ = finishesQueue(within: Self.killTime) { [reader, packets] in reader.finish(given: packets, cut: isCut) }
        if reported > 0 {
            lines.warn("tshark was too slow for \(reported) packets, which are in the file")
        }
        if isLate { throw .behind(name) }
    }

    /// Returns whether the reader has read all, and `body` has run behind that, within a time.
    private func finishesQueue(within time: Duration, _ body: @escaping @Sendable () -> Void) -> Bool {
        let isDone = DispatchSemaphore(value: 0)
        queue.async {
            body()
            isDone.signal()
        }
        return isDone.wait(timeout: .now() + .milliseconds(Int(time / .milliseconds(1)))) == .success
    }

    private static func pipe() throws(OutputError) -> (reading: FileDescriptor, writing: FileDescriptor) {
        do {
            return try FileDescriptor.closeOnExecPipe()
        } catch {
            throw .failed(path: "a pipe to tshark", error)
        }
    }

    /// Whether a failure has been told.
    private final class Failure: Sendable {
        private let isTold = Mutex(false)

        /// Returns whether this is the first one.
        func set() -> Bool {
            isTold.withLock { isTold in
                defer { isTold = true }
                return !isTold
            }
        }
    }
}

/// The pipe to a tshark.
private final class TsharkInput: ByteDestination {
    /// Whether ``close()`` returns at once, and what is left is written in the meantime.
    var closesLater = false

    private let pipe: any ByteDestination
    private let reader: any TsharkReader

    init(_ pipe: any ByteDestination, reader: any TsharkReader) {
        self.pipe = pipe
        self.reader = reader
    }

    var name: String { pipe.name }
    var isLive: Bool { true }
    var written: Int64 { pipe.written }
    var hasLostReader: Bool { reader.isClosed || pipe.hasLostReader }

    func write(packets: UnsafeRawBufferPointer, wholeLength: (Int) -> Int) throws(OutputError) -> Bool {
        unsafe try pipe.write(packets: packets, wholeLength: wholeLength)
    }

    func write(whole bytes: UnsafeRawBufferPointer) throws(OutputError) {
        unsafe try pipe.write(whole: bytes)
    }

    func report(to watch: OutputWatch) {
        pipe.report(to: watch)
    }

    func close() throws(OutputError) {
        guard closesLater, let pipe = pipe as? BoundedPipe else { return try pipe.close() }
        // The old tshark may still have much to read, and the merge must not wait for it.
        DispatchQueue.global().async { try? pipe.close() }
    }
}
