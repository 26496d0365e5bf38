/// The consumers of the merge. Each gets every record, in the merged order, as far as the examiner lets it.
struct Consumers: RecordSink {
    /// The capture is over: the examiner has said so.
    struct IsOver: Error {}

    /// A packet that the examiner has marked.
    struct Mark: Equatable, Sendable {
        let comment: String
        /// The packet's place in the first output.
        let place: PacketPlace
    }

    private var primary: Consumer
    private var others: [Consumer]
    private var examiner: (any PacketExaminer)?
    /// The comments of the next packet.
    private var notes: [String] = []
    private let lines: OutputLines
    private let watch: OutputWatch
    private let onMark: @Sendable (Mark) -> Void

    /// Creates consumers. The places of marks are those of `primary`, whose output is a required one.
    init(
        _ primary: Consumer, _ others: [Consumer] = [], examiner: (any PacketExaminer)? = nil,
        lines: OutputLines = OutputLines(), watch: OutputWatch = OutputWatch(),
        onMark: @escaping @Sendable (Mark) -> Void = { _ in }
    ) {
        self.primary = primary
        self.others = others
        self.examiner = examiner
        runLimit = examiner == nil ? Self.runLimit : 1
        self.lines = lines
        self.watch = watch
        self.onMark = onMark
    }

    /// Whether anything was written to a required output.
    var hasBegun: Bool { primary.hasBegun || others.contains { $0.output.isRequired && $0.hasBegun } }

    /// The files of the first output at its end; nil for a stream.
    var saved: SavedFiles? { primary.saved }

    /// The state of the first output; nil for a stream.
    var progress: OutputProgress? { primary.progress }

    /// The number of packets in the first output.
    var written: UInt64 { primary.packets }

    /// Sets the text that the outputs' sections are commented with, before any source is added.
    mutating func identify(_ text: String) {
        primary.identify(text)
        for index in others.indices { others[index].identify(text) }
    }

    /// Notes what has happened at this place of the capture: a comment of the next packet.
    mutating func note(_ text: String) {
        // More than anybody reads at one packet: instances that crash over and over while nothing comes.
        if notes.count < 100 { notes.append(text) }
    }

    /// Adds a source.
    mutating func add(_ source: StreamID, _ stream: StreamDescription) throws(OutputError) {
        examiner?.add(source, stream)
        try forEach { consumer throws(OutputError) in try consumer.add(source, stream) }
    }

    /// Begins a source, before its first records. Throws if its packets cannot stand beside those of others.
    mutating func begin(_ source: StreamID) throws(OutputError) {
        try forEach { consumer throws(OutputError) in try consumer.begin(source) }
    }

    /// An examiner may end the capture behind each run: no other one is taken before it has seen it.
    let runLimit: Int

    /// A batch of 128 kB has 1,130 records of 100 bytes, and of four streams each one comes to an end behind 280.
    private static let runLimit = 256

    mutating func write(_ runs: [RecordRun]) throws {
        guard examiner == nil, notes.isEmpty else {
            for run in runs { try unsafe examine(run.records, of: run.stream) }
            return
        }
        try forEach { consumer throws(OutputError) in try consumer.write(runs) }
    }

    /// Gives the outputs what the examiner lets through. Throws ``IsOver`` if that was all.
    private mutating func examine(_ records: UnsafeRawBufferPointer, of source: StreamID) throws {
        var rest = unsafe records
        while unsafe !rest.isEmpty {
            guard let examination = unsafe examiner?.examine(rest, of: source) else {
                return try unsafe deliver(rest, of: source)
            }
            let length = min(max(examination.length, 0), rest.count)
            let part = unsafe UnsafeRawBufferPointer(rebasing: rest[..<length])
            if let comment = examination.comment, length > 0 {
                try unsafe deliver(part, of: source, comment: comment)
            } else if length > 0 {
                try unsafe deliver(part, of: source)
            }
            if examination.isOver { throw IsOver() }
            // An examiner that lets nothing through and goes on would be asked for ever.
            guard length > 0 else { return }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[length...])
        }
    }

    private mutating func deliver(_ records: UnsafeRawBufferPointer, of source: StreamID) throws(OutputError) {
        guard notes.isEmpty else { return try unsafe deliverWithNotes(records, of: source) }
        try forEach { consumer throws(OutputError) in try unsafe consumer.write(records, of: source) }
    }

    /// Delivers records of which the first gets the notes as comments.
    private mutating func deliverWithNotes(
        _ records: UnsafeRawBufferPointer, of source: StreamID
    ) throws(OutputError) {
        let length = unsafe RecordHeader(records, at: 0).recordLength
        try unsafe deliver(UnsafeRawBufferPointer(rebasing: records[..<length]), of: source, comments: [])
        guard length < records.count else { return }
        try unsafe deliver(UnsafeRawBufferPointer(rebasing: records[length...]), of: source)
    }

    /// Delivers one record with comments, behind those that are noted.
    private mutating func deliver(
        _ record: UnsafeRawBufferPointer, of source: StreamID, comments: [String]
    ) throws(OutputError) {
        let all = notes + comments
        notes = []
        try forEach { consumer throws(OutputError) in try unsafe consumer.write(record, of: source, comments: all) }
    }

    /// Delivers records of which the last one gets a comment.
    private mutating func deliver(
        _ records: UnsafeRawBufferPointer, of source: StreamID, comment: String
    ) throws(OutputError) {
        let last = unsafe RecordHeader.lastOffset(in: records)
        if last > 0 { try unsafe deliver(UnsafeRawBufferPointer(rebasing: records[..<last]), of: source) }
        let record = unsafe UnsafeRawBufferPointer(rebasing: records[last...])
        try unsafe deliver(record, of: source, comments: [comment])
        keepAll()
        onMark(Mark(comment: comment, place: primary.lastPacket))
    }

    /// Returns whether the examiner says that the capture is over though no packet came.
    mutating func isOver(at now: ContinuousClock.Instant) -> Bool { examiner?.isOver(at: now) ?? false }

    /// Keeps all that is there from now on.
    func keepAll() {
        primary.keepAll()
        for consumer in others { consumer.keepAll() }
    }

    /// Records what is known of a source that has ended.
    mutating func end(_ source: StreamID, _ statistics: StreamStatistics) {
        primary.end(source, statistics)
        for index in others.indices { others[index].end(source, statistics) }
    }

    /// Writes what is there.
    mutating func flush(at now: ContinuousClock.Instant) throws(OutputError) {
        try forEach { consumer throws(OutputError) in try consumer.flush(at: now) }
    }

    /// The time that the programs which read the outputs have for what was written last, once all outputs are closed.
    static let readerTime = Duration.seconds(1)

    /// Ends all outputs, the required ones first. Throws the first failure of one of these.
    ///
    /// All that is slow has one time together: pipes that are closed one after the other, and then their readers, which
    /// come to their ends side by side.
    mutating func finish(isFailed: Bool) throws(OutputError) {
        let deadline = ContinuousClock.now + watch.closeTime
        watch.closingDeadline = deadline
        var failure = Self.failure { () throws(OutputError) in try primary.finish(isFailed: isFailed) }
        var late: Set<Int> = []
        for index in others.indices.filter({ others[$0].output.isRequired }) + others.indices {
            let isRequired = others[index].output.isRequired
            let error = Self.failure { () throws(OutputError) in
                try others[index].finish(isFailed: isFailed && isRequired)
            }
            guard let error else { continue }
            late.insert(index)
            if isRequired { failure = failure ?? error } else { tell(of: error, index) }
        }
        let end = deadline + Self.readerTime
        failure = failure ?? Self.failure { () throws(OutputError) in try primary.waitForReader(until: end) }
        for index in others.indices {
            let error = Self.failure { () throws(OutputError) in try others[index].waitForReader(until: end) }
            // The lateness of an output that was not closed in time has been told already.
            guard let error, !late.contains(index) else { continue }
            if others[index].output.isRequired { failure = failure ?? error } else { tell(of: error, index) }
        }
        if let failure { throw failure }
    }

    private static func failure(_ body: () throws(OutputError) -> Void) -> OutputError? {
        do throws(OutputError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private mutating func forEach(_ body: (inout Consumer) throws(OutputError) -> Void) throws(OutputError) {
        try body(&primary)
        for index in others.indices where !others[index].hasFailed {
            do {
                try body(&others[index])
            } catch {
                try fail(index, error)
            }
        }
    }

    /// Goes on without a lossy output that has failed. Throws the failure of a required one.
    private mutating func fail(_ index: Int, _ error: OutputError) throws(OutputError) {
        guard !others[index].output.isRequired else { throw error }
        if case .linkType = error { return }
        others[index].abandon()
        tell(of: error, index)
    }

    private func tell(of error: OutputError, _ index: Int) {
        if error == .readerGone {
            lines.say("\(others[index].output.name) has gone, and the capture goes on.")
        } else {
            lines.warn("\(error)")
        }
    }
}

extension RecordHeader {
    /// The place of the last of some records, one at least.
    fileprivate static func lastOffset(in records: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        while true {
            let next = unsafe offset + RecordHeader(records, at: offset).recordLength
            if next >= records.count { return offset }
            offset = next
        }
    }
}
