/// All consumers of the merge. Each gets every record, in the merged order, as far as the examiner lets it.
struct Consumers: RecordSink {
    /// The capture is over: the examiner has said so.
    struct IsOver: Error {}

    /// A packet that the examiner has marked.
    struct Mark: Equatable, Sendable {
        let comment: String
        /// The packet's place in the first output.
        let place: PacketPlace
    }

    private var consumers: [Consumer]
    private var examiner: (any PacketExaminer)?
    private let lines: OutputLines
    private let onMark: @Sendable (Mark) -> Void

    /// Creates consumers, one at least. The first one's places are told in marks.
    init(
        _ consumers: [Consumer], examiner: (any PacketExaminer)? = nil, lines: OutputLines = OutputLines(),
        onMark: @escaping @Sendable (Mark) -> Void = { _ in }
    ) {
        self.consumers = consumers
        self.examiner = examiner
        self.lines = lines
        self.onMark = onMark
    }

    /// Whether anything was written to a required output.
    var hasBegun: Bool { consumers.contains { $0.output.isRequired && $0.hasBegun } }

    /// The number of packets in the first output.
    var written: UInt64 { consumers.first?.packets ?? 0 }

    /// Adds a source.
    mutating func add(_ source: StreamID, _ stream: StreamDescription) throws(OutputError) {
        examiner?.add(source, stream)
        try forEach { consumer throws(OutputError) in try consumer.add(source, stream) }
    }

    /// Begins a source, before its first records. Throws if its packets cannot stand beside those of others.
    mutating func begin(_ source: StreamID) throws(OutputError) {
        try forEach { consumer throws(OutputError) in try consumer.begin(source) }
    }

    mutating func write(_ records: UnsafeRawBufferPointer, of source: StreamID) throws {
        guard examiner == nil else { return try unsafe examine(records, of: source) }
        try unsafe deliver(records, of: source)
    }

    /// Gives the outputs what the examiner lets through. Throws ``IsOver`` if that was all.
    private mutating func examine(_ records: UnsafeRawBufferPointer, of source: StreamID) throws {
        var rest = unsafe records
        while unsafe !rest.isEmpty {
            guard let examination = unsafe examiner?.examine(rest, of: source) else { return }
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

    @inline(__always)
    private mutating func deliver(_ records: UnsafeRawBufferPointer, of source: StreamID) throws(OutputError) {
        for index in consumers.indices where !consumers[index].hasFailed {
            do {
                try unsafe consumers[index].write(records, of: source)
            } catch {
                try fail(index, error)
            }
        }
    }

    /// Delivers records of which the last one gets a comment.
    private mutating func deliver(
        _ records: UnsafeRawBufferPointer, of source: StreamID, comment: String
    ) throws(OutputError) {
        let last = unsafe RecordHeader.lastOffset(in: records)
        if last > 0 { try unsafe deliver(UnsafeRawBufferPointer(rebasing: records[..<last]), of: source) }
        let record = unsafe UnsafeRawBufferPointer(rebasing: records[last...])
        try forEach { consumer throws(OutputError) in
            try unsafe consumer.write(record, of: source, comment: comment)
            consumer.keepAll()
        }
        if let place = consumers.first?.lastPacket { onMark(Mark(comment: comment, place: place)) }
    }

    /// Returns whether the examiner says that the capture is over though no packet came.
    mutating func isOver(at now: ContinuousClock.Instant) -> Bool { examiner?.isOver(at: now) ?? false }

    /// Keeps all that is there from now on.
    func keepAll() {
        for consumer in consumers { consumer.keepAll() }
    }

    /// Records what is known of a source that has ended.
    mutating func end(_ source: StreamID, _ statistics: StreamStatistics) {
        for index in consumers.indices { consumers[index].end(source, statistics) }
    }

    /// Writes what is there.
    mutating func flush(at now: ContinuousClock.Instant) throws(OutputError) {
        try forEach { consumer throws(OutputError) in try consumer.flush(at: now) }
    }

    /// Ends all outputs, the required ones first. Throws the first failure of one of these.
    mutating func finish(isFailed: Bool) throws(OutputError) {
        var failure: OutputError?
        for isRequired in [true, false] {
            for index in consumers.indices where consumers[index].output.isRequired == isRequired {
                do {
                    try consumers[index].finish(isFailed: isFailed && isRequired)
                } catch {
                    if isRequired { failure = failure ?? error } else { tell(of: error, index) }
                }
            }
        }
        if let failure { throw failure }
    }

    private mutating func forEach(_ body: (inout Consumer) throws(OutputError) -> Void) throws(OutputError) {
        for index in consumers.indices where !consumers[index].hasFailed {
            do {
                try body(&consumers[index])
            } catch {
                try fail(index, error)
            }
        }
    }

    /// Goes on without a lossy output that has failed. Throws the failure of a required one.
    private mutating func fail(_ index: Int, _ error: OutputError) throws(OutputError) {
        guard !consumers[index].output.isRequired else { throw error }
        if case .linkType = error { return }
        consumers[index].abandon()
        tell(of: error, index)
    }

    private func tell(of error: OutputError, _ index: Int) {
        if error == .readerGone {
            lines.say("\(consumers[index].output.name) has gone, and the capture goes on.")
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
