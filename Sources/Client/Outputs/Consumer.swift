/// A consumer of the merge: encodes the records for one output.
struct Consumer {
    let output: any Output
    private var file: CaptureFile
    private let watch: OutputWatch
    /// Whether the output has failed and nothing is written to it any more.
    private(set) var hasFailed = false

    /// Opens the first destination of an output.
    init(
        _ output: any Output, _ format: OutputFormat, application: String, commandLine: String,
        lines: OutputLines = OutputLines(), watch: OutputWatch = OutputWatch()
    ) throws(OutputError) {
        self.output = output
        self.watch = watch
        file = try CaptureFile(
            to: output.open(reportingTo: watch), format.format, format.compression, application: application,
            commandLine: commandLine,
            upTo: output.sizeLimit, tell: lines.warn)
    }

    /// The files that are there at the end; nil for a stream, and for a set without any.
    var saved: SavedFiles? { (output as? FileSet)?.saved }

    /// The present file and the complete ones; nil for a stream.
    var progress: OutputProgress? { output.progress }

    /// Whether anything was written.
    var hasBegun: Bool { file.hasBegun }

    /// The number of packets in all destinations so far.
    var packets: UInt64 { file.packets }

    /// The place of the packet that was written last.
    var lastPacket: PacketPlace { PacketPlace(output: output.currentName, number: file.packetsInFile) }

    /// Sets the text that the output's section is commented with.
    mutating func identify(_ text: String) {
        file.identify(text)
    }

    /// Adds a source. Its interface stands in every destination from now on.
    mutating func add(_ source: StreamID, _ stream: StreamDescription) throws(OutputError) {
        try file.add(source, stream)
    }

    /// Begins a source, before its first records. Throws if its packets cannot stand beside those of others.
    mutating func begin(_ source: StreamID) throws(OutputError) {
        try file.begin(source)
    }

    /// Takes runs of records in the merged order.
    mutating func write(_ runs: [RecordRun]) throws(OutputError) {
        var rest = runs[...]
        while true {
            rest.removeFirst(file.writeWhole(rest))
            guard let run = rest.popFirst() else { return }
            try unsafe write(run.records, of: run.stream)
        }
    }

    /// Takes records that follow each other in one source.
    mutating func write(_ records: UnsafeRawBufferPointer, of source: StreamID) throws(OutputError) {
        let taken = try unsafe file.write(records, of: source)
        if taken < records.count { try unsafe write(records, from: taken, of: source) }
    }

    /// Writes the records behind the first `count` bytes, which a destination took that is full now.
    private mutating func write(
        _ records: UnsafeRawBufferPointer, from count: Int, of source: StreamID
    ) throws(OutputError) {
        var taken = count
        while taken < records.count {
            try openNext()
            let rest = unsafe UnsafeRawBufferPointer(rebasing: records[taken...])
            taken += try unsafe file.write(rest, of: source)
        }
    }

    /// Takes one record with comments.
    mutating func write(
        _ record: UnsafeRawBufferPointer, of source: StreamID, comments: [String]
    ) throws(OutputError) {
        while try unsafe file.write(record, of: source, comments: comments) == 0 { try openNext() }
    }

    /// Records what is known of a source that has ended.
    mutating func end(_ source: StreamID, _ statistics: StreamStatistics) {
        file.end(source, statistics)
    }

    /// Writes what is there, as far as the output wants it now.
    mutating func flush(at now: ContinuousClock.Instant) throws(OutputError) {
        if file.isOpen, output.isDue(packets: file.packetsInFile, at: now) { try closeFile() }
        try file.flush(at: now)
        if file.leftOut > 0 { output.leftOut(file.leftOut) }
    }

    /// Keeps all that is there from now on.
    func keepAll() {
        output.keepAll()
    }

    /// Ends the output.
    mutating func finish(isFailed: Bool) throws(OutputError) {
        if file.isOpen { try closeFile(isLast: true, isFailed: isFailed || hasFailed) }
    }

    /// Waits, up to a moment, for the program that reads the output, which is closed. Throws if that has not taken all.
    func waitForReader(until deadline: ContinuousClock.Instant) throws(OutputError) {
        try output.waitForReader(until: deadline)
    }

    /// Gives up an output that has failed.
    mutating func abandon() {
        hasFailed = true
        try? finish(isFailed: true)
    }

    private mutating func openNext() throws(OutputError) {
        if file.isOpen { try closeFile() }
        try file.open(output.open(reportingTo: watch), upTo: output.sizeLimit)
    }

    private mutating func closeFile(isLast: Bool = false, isFailed: Bool = false) throws(OutputError) {
        var failure: OutputError?
        do {
            try file.finish(at: WallClock.now(), isFailed: isFailed)
        } catch {
            failure = error
        }
        if file.leftOut > 0 { output.leftOut(file.leftOut) }
        try output.didClose(packets: file.packetsInFile, isLast: isLast, failure: failure)
    }
}

extension Output {
    /// Opens the next destination, which reports to a watch.
    fileprivate func open(reportingTo watch: OutputWatch) throws(OutputError) -> any ByteDestination {
        let destination = try open()
        destination.report(to: watch)
        return destination
    }
}

/// A packet's place in an output.
struct PacketPlace: Equatable, Sendable {
    /// The file, or the stream.
    let output: String
    /// The packet's number there, from 1.
    let number: UInt64
}
