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

    private let intake = Intake(capacity: capacity)
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
    static let capacity = 20 << 20

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

    /// Takes records, and returns when the stream may be read on. Most of the time that is at once: they are merged
    /// with those that come in the meantime.
    nonisolated func append(_ batch: RecordBatch, to id: StreamID) async {
        switch intake.add(batch, to: id) {
        case .goOn: break
        case .goOnAndMerge: Task { await drain() }
        case .wait: await waitForRoom(id)
        }
    }

    private func waitForRoom(_ id: StreamID) async {
        drain()
        guard failure == nil, !merge.mayRead(id) else { return }
        await withCheckedContinuation { waiting[id] = $0 }
    }

    /// Ends a stream.
    func close(_ id: StreamID, _ statistics: StreamStatistics) {
        takeIn()
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
        takeIn()
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
        takeIn()
        guard failure == nil else { return }
        attempt { try merge.drain(at: time, into: &file) }
        intake.merged = merge.footprint
        letReadersGo()
    }

    /// Hands what has come to the merge; without an output it is thrown away.
    private func takeIn() {
        for (batch, id) in intake.takeAll() where failure == nil {
            merge.append(batch, to: id, at: time)
        }
        if failure != nil { intake.merged = 0 }
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
        intake.merged = 0
        onFailure(error)
        letReadersGo()
    }
}
