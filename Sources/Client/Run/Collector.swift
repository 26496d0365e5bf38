/// Where the streams come together: they are merged and written.
actor Collector {
    /// What went into the output.
    struct Result: Sendable {
        /// Whether there is an output: anything was written.
        let hasBegun: Bool
        /// Packets that came too late to be put in order.
        let late: Int
        /// Why not all that came was written, if that is so.
        let failure: OutputError?
    }

    private let executor = QueueExecutor(label: "cf-pcap.output")
    private var merge: Merge
    private var file: CaptureFile
    private var waiting: [StreamID: CheckedContinuation<Void, Never>] = [:]
    private var failure: OutputError?
    /// The time that counts for the merge: that in which the output took what there was. While it does not, no stream
    /// is read, and none is to be taken for silent.
    private var time = ContinuousClock.now
    private var lastTick = ContinuousClock.now
    private let onFailure: @Sendable (OutputError) -> Void

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Between two calls of ``tick()``.
    static let interval = Duration.milliseconds(50)
    /// The records that wait for others hold at most this much memory, in bytes.
    static let capacity = 32 << 20

    /// `onFailure` is called once, when the output cannot be written any more.
    init(merge: Merge, file: sending CaptureFile, onFailure: @escaping @Sendable (OutputError) -> Void) {
        self.merge = merge
        self.file = file
        self.onFailure = onFailure
    }

    /// Expects streams: the others wait for them.
    func open(_ count: Int) -> [StreamID] {
        (0..<count).map { _ in merge.open() }
    }

    /// Makes known whose records will come.
    func describe(_ id: StreamID, _ stream: StreamDescription) throws(OutputError) {
        guard failure == nil else { return }
        do {
            try file.add(id, stream)
        } catch {
            if case .linkType = error { throw error }
            fail(error)
        }
    }

    /// Takes records, and returns when the stream may be read on.
    func append(_ batch: RecordBatch, to id: StreamID) async {
        guard failure == nil else { return }
        merge.append(batch, to: id, at: time)
        drain()
        if failure == nil && !merge.mayRead(id) {
            await withCheckedContinuation { waiting[id] = $0 }
        }
    }

    /// Ends a stream.
    func close(_ id: StreamID, _ statistics: StreamStatistics) {
        merge.close(id)
        file.end(id, statistics)
    }

    /// Writes what need not wait any longer. To be called every ``interval``.
    func tick() {
        guard failure == nil else { return }
        time += min(.now - lastTick, Self.interval * 2)
        lastTick = .now
        drain()
        attempt { try file.flush() }
    }

    /// Writes all that has come, and the end of the file.
    func finish(at now: UInt64) -> Result {
        if failure == nil { attempt { try merge.drainAll(into: &file) } }
        do {
            try file.finish(at: now, isFailed: failure != nil)
        } catch {
            failure = failure ?? error
        }
        letReadersGo()
        return Result(hasBegun: file.hasBegun, late: merge.late, failure: failure)
    }

    private func drain() {
        attempt { try merge.drain(at: time, into: &file) }
        letReadersGo()
    }

    private func letReadersGo() {
        for (id, continuation) in waiting where failure != nil || merge.mayRead(id) {
            waiting[id] = nil
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
        onFailure(error)
        letReadersGo()
    }
}
