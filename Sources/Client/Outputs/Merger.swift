internal import Synchronization

/// Merges the streams of all sessions and gives the result to the outputs.
actor Merger {
    /// An event of the merge that the run reacts to.
    enum Event: Sendable {
        /// A required output cannot be written any more.
        case failed(OutputError)
        /// The examiner has said that the capture is over: nothing is written any more.
        case isOver
    }

    /// The outcome of the merge and its outputs.
    struct Result: Sendable {
        /// Whether there is an output: anything was written, and is there still.
        let hasBegun: Bool
        /// The files of a set that rotates; nil if there are none.
        let saved: SavedFiles?
        /// The packets that are out of order, and why.
        let order: OrderReport
        /// The number of packets in the first output. Not known where that is a pipe whose reader has gone, or a file that
        /// somebody else has changed.
        let written: UInt64
        /// The reason why not all that came was written; nil if all was.
        let failure: OutputError?
    }

    private let queue = BatchQueue(capacity: capacity)
    private let executor = QueueExecutor(label: "cf-pcap.output")
    private var merge: Merge
    private var consumers: Consumers
    /// The sessions that may not read on before records of theirs were merged.
    private var waitingSessions: [StreamID: CheckedContinuation<Void, Never>] = [:]
    private var failure: OutputError?
    private var isOver = false
    private var isFinished = false
    private var names: [StreamID: String] = [:]
    /// The names of all streams so far.
    private var knownNames: Set<String> = []
    /// The notes of streams that have ended, whose last records still wait.
    private var notes: [(StreamID, String)] = []
    /// The distances of the clocks of streams that have ended, by the streams' names, in nanoseconds.
    private var clocks: [String: Int64] = [:]
    /// The merge's clock. It stands still while the output accepts nothing: no stream is read then, so that none may count
    /// as silent.
    private var time = ContinuousClock.now
    private var lastTick = ContinuousClock.now
    private let onEvent: @Sendable (Event) -> Void
    private nonisolated let latestProgress = Mutex<OutputProgress?>(nil)

    /// The state of the first output at the last ``tick()``; nil for a stream. Any thread may read it, also while an output
    /// blocks the merger.
    nonisolated var progress: OutputProgress? { latestProgress.withLock { $0 } }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// The time between two calls of ``tick()``.
    static let interval = Duration.milliseconds(50)
    /// The memory that records may hold which wait for others, in bytes.
    static let capacity = 20 << 20

    /// Creates a merger. It calls `onEvent` once at most.
    init(merge: Merge, consumers: sending Consumers, onEvent: @escaping @Sendable (Event) -> Void) {
        self.merge = merge
        self.consumers = consumers
        self.onEvent = onEvent
    }

    /// Whether the outputs get nothing any more.
    private var isClosed: Bool { failure != nil || isOver || isFinished }

    /// Sets the text that the outputs' sections are commented with, before any stream is described.
    func identify(_ text: String) {
        consumers.identify(text)
    }

    /// Adds streams. The others wait for them from now on.
    func open(_ count: Int) -> [StreamID] {
        (0..<count).map { _ in merge.open() }
    }

    /// Describes a stream, before its first records.
    func describe(_ id: StreamID, _ stream: StreamDescription) {
        guard !isClosed else { return }
        names[id] = stream.name
        if !knownNames.insert(stream.name).inserted { consumers.note("\(stream.name): joined again") }
        attempt { try consumers.add(id, stream) }
    }

    /// Begins a stream, before its first records. Throws if its packets cannot stand beside those of others.
    func begin(_ id: StreamID) throws(OutputError) {
        guard !isClosed else { return }
        do {
            try consumers.begin(id)
        } catch {
            if case .linkType = error { throw error }
            fail(error)
        }
    }

    /// Takes records, and returns when the stream may be read on. Most of the time that is at once: the records are merged
    /// together with those that come in the meantime.
    nonisolated func append(_ batch: RecordBatch, to id: StreamID) async {
        switch queue.add(batch, of: id) {
        case .read: break
        case .readAndMerge: Task { await drain() }
        case .wait: await waitForRoom(id)
        }
    }

    private func waitForRoom(_ id: StreamID) async {
        drain()
        guard !isClosed, !merge.mayRead(id) else { return }
        await withCheckedContinuation { waitingSessions[id] = $0 }
    }

    /// Has the outputs keep all that is there from now on.
    func keepAll() {
        consumers.keepAll()
    }

    /// Ends a stream.
    func close(_ id: StreamID, _ statistics: StreamStatistics) {
        moveBatches()
        let name = names.removeValue(forKey: id)
        if let name, let distance = merge.clockDistance(of: id, at: .now) { clocks[name] = distance }
        merge.close(id)
        if let name, let comment = statistics.comment { notes.append((id, "\(name): \(comment)")) }
        consumers.end(id, statistics)
    }

    /// Writes what need not wait any longer. To be called every ``interval``.
    func tick() {
        time += min(.now - lastTick, Self.interval * 2)
        lastTick = .now
        drain()
        if !isClosed { attempt { try consumers.flush(at: .now) } }
        if !isClosed, consumers.isOver(at: .now) { end() }
        let progress = consumers.progress
        latestProgress.withLock { $0 = progress }
    }

    /// Writes all that has come, and the end of the outputs.
    func finish() -> Result {
        moveBatches()
        if !isClosed { attempt { try merge.drainAll(into: &consumers) } }
        do {
            try consumers.finish(isFailed: failure != nil)
        } catch {
            failure = failure ?? error
        }
        // Sessions that nobody waits for may still send.
        isFinished = true
        resumeSessions()
        let order = OrderReport(
            counts: merge.order, hold: merge.hold, clocks: OrderReport.difference(of: clocks, hold: merge.hold))
        let isLost = if case .lost? = failure { true } else { false }
        return Result(
            hasBegun: consumers.hasBegun && !isLost, saved: consumers.saved, order: order, written: consumers.written,
            failure: failure)
    }

    private func drain() {
        moveBatches()
        guard !isClosed else { return }
        attempt { try merge.drain(at: time, into: &consumers) }
        takeNotes()
        queue.setMergingBytes(merge.bufferedBytes)
        resumeSessions()
    }

    /// Moves the queued batches into the merge, or drops them if nothing is written any more.
    private func moveBatches() {
        for (batch, id) in queue.removeAll() where !isClosed {
            merge.append(batch, to: id, at: time, arrival: .now)
        }
        if isClosed { queue.setMergingBytes(0) }
    }

    /// Hands on the notes of streams whose last record is written: they stand behind it.
    private func takeNotes() {
        guard !notes.isEmpty else { return }
        for (id, text) in notes where !merge.holds(id) { consumers.note(text) }
        notes.removeAll { !merge.holds($0.0) }
    }

    private func resumeSessions() {
        for (id, continuation) in waitingSessions where isClosed || merge.mayRead(id) {
            waitingSessions[id] = nil
            continuation.resume()
        }
    }

    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch is Consumers.IsOver {
            end()
        } catch {
            fail(error as? OutputError ?? .compression("\(error)"))
        }
    }

    private func fail(_ error: OutputError) {
        guard failure == nil else { return }
        failure = error
        queue.setMergingBytes(0)
        onEvent(.failed(error))
        resumeSessions()
    }

    private func end() {
        guard !isClosed else { return }
        isOver = true
        queue.setMergingBytes(0)
        onEvent(.isOver)
        resumeSessions()
    }
}
