/// Merges the streams of all sessions and writes the result to the output.
actor Merger {
    /// The outcome of the merge and its output.
    struct Result: Sendable {
        /// Whether there is an output: anything was written, and is there still.
        let hasBegun: Bool
        /// The packets that are out of order, and why.
        let order: OrderReport
        /// The reason why not all that came was written; nil if all was.
        let failure: OutputError?
    }

    private let queue = BatchQueue(capacity: capacity)
    private let executor = QueueExecutor(label: "cf-pcap.output")
    private var merge: Merge
    private var file: CaptureFile
    private var waitingReaders: [StreamID: CheckedContinuation<Void, Never>] = [:]
    private var failure: OutputError?
    private var names: [StreamID: String] = [:]
    /// The distances of the clocks of streams that have ended, by the streams' names, in nanoseconds.
    private var clocks: [String: Int64] = [:]
    /// The merge's clock. It stands still while the output accepts nothing: no stream is read then, so that none may count
    /// as silent.
    private var time = ContinuousClock.now
    private var lastTick = ContinuousClock.now
    private let onFailure: @Sendable (OutputError) -> Void

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// The time between two calls of ``tick()``.
    static let interval = Duration.milliseconds(50)
    /// The memory that records may hold which wait for others, in bytes.
    static let capacity = 20 << 20

    /// Creates a merger. It calls `onFailure` once, when the output cannot be written any more.
    init(merge: Merge, file: sending CaptureFile, onFailure: @escaping @Sendable (OutputError) -> Void) {
        self.merge = merge
        self.file = file
        self.onFailure = onFailure
    }

    /// Adds streams. The others wait for them from now on.
    func open(_ count: Int) -> [StreamID] {
        (0..<count).map { _ in merge.open() }
    }

    /// Describes a stream, before its first records.
    func describe(_ id: StreamID, _ stream: StreamDescription) {
        guard failure == nil else { return }
        names[id] = stream.name
        attempt { try file.add(id, stream) }
    }

    /// Begins a stream, before its first records. Throws if its packets cannot stand beside those of others.
    func begin(_ id: StreamID) throws(OutputError) {
        guard failure == nil else { return }
        do {
            try file.begin(id)
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
        guard failure == nil, !merge.mayRead(id) else { return }
        await withCheckedContinuation { waitingReaders[id] = $0 }
    }

    /// Ends a stream.
    func close(_ id: StreamID, _ statistics: StreamStatistics) {
        moveBatches()
        let name = names.removeValue(forKey: id)
        if let name, let distance = merge.clockDistance(of: id, at: .now) { clocks[name] = distance }
        merge.close(id)
        file.end(id, statistics)
    }

    /// Writes what need not wait any longer. To be called every ``interval``.
    func tick() {
        time += min(.now - lastTick, Self.interval * 2)
        lastTick = .now
        drain()
        if failure == nil { attempt { try file.flush() } }
    }

    /// Writes all that has come, and the end of the file.
    func finish(at now: UInt64) -> Result {
        moveBatches()
        if failure == nil { attempt { try merge.drainAll(into: &file) } }
        do {
            try file.finish(at: now, isFailed: failure != nil)
        } catch {
            failure = failure ?? error
        }
        resumeReaders()
        let order = OrderReport(
            counts: merge.order, hold: merge.hold, clocks: OrderReport.difference(of: clocks, hold: merge.hold))
        let isLost = if case .lost? = failure { true } else { false }
        return Result(hasBegun: file.hasBegun && !isLost, order: order, failure: failure)
    }

    private func drain() {
        moveBatches()
        guard failure == nil else { return }
        attempt { try merge.drain(at: time, into: &file) }
        queue.setMergingBytes(merge.bufferedBytes)
        resumeReaders()
    }

    /// Moves the queued batches into the merge, or drops them if the output has failed.
    private func moveBatches() {
        for (batch, id) in queue.removeAll() where failure == nil {
            merge.append(batch, to: id, at: time, arrival: .now)
        }
        if failure != nil { queue.setMergingBytes(0) }
    }

    private func resumeReaders() {
        for (id, continuation) in waitingReaders where failure != nil || merge.mayRead(id) {
            waitingReaders[id] = nil
            continuation.resume()
        }
    }

    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            fail(error as? OutputError ?? .compression("\(error)"))
        }
    }

    private func fail(_ error: OutputError) {
        guard failure == nil else { return }
        failure = error
        queue.setMergingBytes(0)
        onFailure(error)
        resumeReaders()
    }
}
