/// A capture in a file format: merged records go in, and a file comes out that is whole at any end.
///
/// One file follows the other where there are several: ``finish(at:isFailed:)`` ends one, ``open(_:upTo:)`` begins the
/// next, with an interface for every source so far.
struct CaptureFile {
    /// The records in all files, but for those that a failed write lost or that were left out.
    private(set) var packets: UInt64 = 0
    /// The records that a destination had no room for, and does not wait for.
    private(set) var leftOut: UInt64 = 0
    /// The writer of the present file; nil between two files.
    var writer: FileWriter?
    /// Whether anything was written to a file that is finished.
    var hasFinished = false
    private let compression: CaptureOptions.Compression
    var encoder: Encoder
    /// Says something about the output to a person.
    private let tell: @Sendable (String) -> Void
    private var hasToldCutTime = false
    private let application: String
    /// The bytes that a file begins with: its header and interfaces.
    private var preamble: [UInt8]
    /// The first of them, which are not yet written to the present file.
    private var start: [UInt8] = []
    let buffer: OutputBuffer
    /// The bytes of the comments on interfaces that the present file ends with, at most.
    var commentLength = 0
    var lastWrite = ContinuousClock.now
    var interfaces = InterfaceTable()

    /// Large enough for one of the largest packets, and small enough for a processor's own cache.
    private static let bufferSize = 512 << 10

    /// A file at a destination, which is full at `sizeLimit` bytes.
    init(
        to destination: any ByteDestination, _ format: CaptureOptions.Format,
        _ compression: CaptureOptions.Compression, application: String, commandLine: String,
        upTo sizeLimit: Int64 = .max, tell: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(OutputError) {
        self.tell = tell
        self.application = application
        self.compression = compression
        encoder = Encoder(format)
        buffer = OutputBuffer(capacity: Self.bufferSize)
        preamble = encoder.start(application: application, commandLine: commandLine)
        prepare(destination, upTo: sizeLimit)
        // Who reads a pipe learns at once that something comes; a file is not begun before there is something.
        if destination.isLive { try writeStart() }
    }

    /// Begins a file behind the one that was finished, when there are packets for it.
    mutating func open(_ destination: any ByteDestination, upTo sizeLimit: Int64 = .max) throws(OutputError) {
        prepare(destination, upTo: sizeLimit)
        try writeStart()
    }

    private mutating func prepare(_ destination: any ByteDestination, upTo sizeLimit: Int64) {
        writer = FileWriter(destination, compression, upTo: sizeLimit)
        start = preamble
        interfaces.resetCounts()
        setBufferLimit()
    }

    /// Whether there is a file to write to: none between ``finish(at:isFailed:)`` and ``open(_:upTo:)``.
    var isOpen: Bool { writer != nil }

    /// The records in the present file, or in the one that was finished last.
    var packetsInFile: UInt64 { interfaces.written }

    /// Sets the text that the section is commented with, before any stream is added. A stream that has begun keeps its own.
    mutating func identify(_ text: String) {
        guard interfaces.entries.isEmpty else { return }
        preamble = encoder.start(application: application, commandLine: text)
        if !start.isEmpty { start = preamble }
    }

    /// Adds a stream, with an interface of its own.
    ///
    /// A classic pcap file gets its header with the first packet, whose link type is the file's.
    mutating func add(_ id: StreamID, _ stream: StreamDescription) throws(OutputError) {
        if case .pcapng = encoder, let warning = interfaces.warning(ofLinkType: stream.linkType) { tell(warning) }
        interfaces.add(id, stream)
        try extendPreamble(encoder.add(stream))
    }

    /// Begins to write a stream, before its first records. Throws ``OutputError/linkType(expected:found:)`` if its packets do
    /// not fit in: they are left out then.
    mutating func begin(_ id: StreamID) throws(OutputError) {
        guard let index = interfaces.number(of: id), interfaces.entries[index].state != .accepted else { return }
        do {
            try extendPreamble(encoder.begin(interfaces.entries[index].stream))
            interfaces.entries[index].state = .accepted
        } catch {
            if case .linkType = error { interfaces.entries[index].state = .refused }
            throw error
        }
    }

    /// Records what is known of a stream that has ended.
    mutating func end(_ id: StreamID, _ statistics: StreamStatistics) {
        guard let index = interfaces.number(of: id) else { return }
        interfaces.entries[index].known = statistics
        if let comment = statistics.comment { commentLength += PcapngEncoder.length(ofComment: comment) }
    }

    /// Takes records of a stream that was added; those of others are left out. Returns the bytes taken. These are fewer than
    /// all if the file is full, or if it is not open (``isOpen``): the rest is for the next file.
    mutating func write(_ records: UnsafeRawBufferPointer, of stream: StreamID) throws(OutputError) -> Int {
        guard let index = try acceptedInterface(of: stream) else { return records.count }
        var taken = 0
        while true {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: records[taken...])
            let done = unsafe encoder.encode(rest, interface: index, into: buffer.room)
            buffer.add(done.written)
            count(done.records, of: index)
            if done.hasCutTime { tellCutTime(of: index) }
            taken += done.read
            if taken == records.count { return taken }
            let next = unsafe encoder.length(of: RecordHeader(records, at: taken))
            guard try makeRoom(for: next) else { return taken }
        }
    }

    /// Takes one record with comments, in formats that have them. Returns the bytes taken: all of the record, or 0 if the
    /// file is full, or if it is not open (``isOpen``).
    mutating func write(
        _ record: UnsafeRawBufferPointer, of stream: StreamID, comments: [String]
    ) throws(OutputError) -> Int {
        guard let index = try acceptedInterface(of: stream) else { return record.count }
        let block = unsafe encoder.block(record, interface: index, comments: comments)
        while buffer.freeSpace < block.count {
            guard try makeRoom(for: block.count) else { return 0 }
        }
        unsafe block.span.bytes.withUnsafeBytes { unsafe buffer.room.copy($0, 0..<$0.count, to: 0) }
        buffer.add(block.count)
        count(1, of: index)
        return record.count
    }

    /// Says once that the file has a wrong time stamp.
    private mutating func tellCutTime(of interface: Int) {
        guard !hasToldCutTime else { return }
        hasToldCutTime = true
        let name = interfaces.entries[interface].stream.name
        tell(
            "\(name): packets are stamped past 2106, which a pcap cannot say: they have its last moment, a pcapng keeps them"
        )
    }

    @inline(__always)
    mutating func count(_ records: Int, of interface: Int) {
        interfaces.entries[interface].written &+= UInt64(records)
        packets &+= UInt64(records)
    }

    @inline(__always)
    private mutating func acceptedInterface(of stream: StreamID) throws(OutputError) -> Int? {
        guard let index = interfaces.number(of: stream) else { return nil }
        if interfaces.entries[index].state == .undecided {
            do {
                try begin(stream)
            } catch {
                guard case .linkType = error else { throw error }
            }
        }
        return interfaces.entries[index].state == .accepted ? index : nil
    }

    /// Adds bytes to the start of all files from this one on, and writes them to this one.
    private mutating func extendPreamble(_ bytes: [UInt8]) throws(OutputError) {
        try writeStart()
        preamble += bytes
        try writeApart(bytes)
    }

    private mutating func writeStart() throws(OutputError) {
        let bytes = start
        start = []
        try writeApart(bytes)
    }

    /// Writes bytes that stand between packets, at once, so that a reader who waits knows that it goes on.
    mutating func writeApart(_ bytes: [UInt8]) throws(OutputError) {
        guard !bytes.isEmpty, let writer else { return }
        try writeOut()
        try writer.write(whole: bytes)
        setBufferLimit()
    }

    /// Makes room in the buffer for `length` bytes. Returns false if the file is full, or if it is not open (``isOpen``).
    /// Each file takes one packet at least.
    private mutating func makeRoom(for length: Int) throws(OutputError) -> Bool {
        guard writer != nil else { return false }
        if buffer.count > 0 {
            try writeOut()
            return true
        }
        guard buffer.freeSpace < length else { return true }
        guard !isFull(for: length) else { return false }
        buffer.setLimit(length)
        return true
    }

    private func isFull(for length: Int) -> Bool {
        guard let writer, packetsInFile > 0 else { return false }
        return writer.pieceSize(upTo: length, ending: endLength) < (writer.isCompressing ? 1 : length)
    }

    private var endLength: Int { encoder.endLength(interfaces: interfaces.entries.count) + commentLength }

    func setBufferLimit() {
        buffer.setLimit(writer?.pieceSize(upTo: buffer.capacity, ending: endLength) ?? 0)
    }

    mutating func writeOut() throws(OutputError) {
        lastWrite = .now
        guard buffer.count > 0, let writer else { return }
        defer {
            buffer.removeAll()
            setBufferLimit()
        }
        let bytes = unsafe buffer.bytes
        var kept = 0
        do {
            let isWritten = try unsafe writer.write(packets: bytes) {
                kept = unsafe encoder.wholeLength(of: bytes, upTo: $0)
                return kept
            }
            if !isWritten { leftOut += unsafe uncount(bytes) }
        } catch {
            unsafe _ = uncount(UnsafeRawBufferPointer(rebasing: bytes[kept...]))
            throw error
        }
    }

    /// Takes encoded packets, which are not written, out of the counts. Returns their number.
    private mutating func uncount(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let lost = unsafe encoder.interfaces(of: bytes)
        for index in lost { interfaces.uncount(index) }
        packets -= UInt64(lost.count)
        return UInt64(lost.count)
    }
}
