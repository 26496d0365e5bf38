/// The output: merged records go in, and a file comes out that is whole at any end.
struct CaptureFile: RecordSink {
    /// Records that went in, but for those that a failed write lost.
    private(set) var packets: UInt64 = 0

    private let destination: Destination
    private let compressor: (any Compressor)?
    private var encoder: Encoder
    /// Says something about the output to a person.
    private let tell: @Sendable (String) -> Void
    /// What stands at the start and is not yet written.
    private var start: [UInt8]
    private let buffer: OutputBuffer
    private var lastWrite = ContinuousClock.now
    private var interfaces: [Interface] = []
    /// The interface of each stream, by its number; -1 for none.
    private var interfaceOfStream: [Int] = []

    /// A description, and what was written under it.
    private struct Interface {
        let stream: StreamDescription
        var known = StreamStatistics()
        var written: UInt64 = 0
        var state = State.undecided

        /// Whether the format holds the stream's packets, which the first of them shows.
        enum State {
            case undecided, accepted, refused
        }
    }

    /// Large enough for a few of the largest packets; a megabyte at a time costs the least.
    private static let bufferSize = 1 << 20

    /// A file at a destination.
    init(
        to destination: Destination, _ format: CaptureOptions.Format, _ compression: CaptureOptions.Compression,
        application: String, commandLine: String, tell: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(OutputError) {
        self.destination = destination
        self.tell = tell
        encoder = Encoder(format)
        buffer = OutputBuffer(capacity: Self.bufferSize)
        compressor =
            switch compression {
            case .none: nil
            case .gzip: GzipCompressor()
            case .zstd: ZstdCompressor()
            }
        start = encoder.start(application: application, commandLine: commandLine)
        // Who reads a pipe learns at once that something comes; a file is not begun before there is something.
        if destination.isLive { try writeStart() }
    }

    /// Adds a stream. One whose description is that of an earlier one continues the earlier one's interface.
    ///
    /// A classic pcap file gets its header with the first packet, whose link type is the file's.
    mutating func add(_ id: StreamID, _ stream: StreamDescription) throws(OutputError) {
        let known = interfaces.firstIndex { $0.stream == stream }
        try writeStart()
        if known == nil {
            try writeApart(encoder.add(stream))
            tellOfLinkTypes(stream)
            interfaces.append(Interface(stream: stream))
        }
        while interfaceOfStream.count <= id.number { interfaceOfStream.append(-1) }
        interfaceOfStream[id.number] = known ?? interfaces.count - 1
    }

    /// Begins to write a stream, before its first records. Throws ``OutputError/linkType(expected:found:)`` if its packets do
    /// not fit in: they are left out then.
    mutating func begin(_ id: StreamID) throws(OutputError) {
        guard let index = interface(of: id), interfaces[index].state != .accepted else { return }
        do {
            try writeApart(encoder.begin(interfaces[index].stream))
            interfaces[index].state = .accepted
        } catch {
            if case .linkType = error { interfaces[index].state = .refused }
            throw error
        }
    }

    /// Says which programs read a file with several link types.
    private func tellOfLinkTypes(_ stream: StreamDescription) {
        guard case .pcapng = encoder, let first = interfaces.first?.stream.linkType, first != stream.linkType,
            !interfaces.contains(where: { $0.stream.linkType == stream.linkType })
        else { return }
        tell(
            """
            the packets are of several link types, \(LinkType.description(first)) and \(LinkType.description(stream.linkType)): \
            Wireshark and tshark read them in one file, tcpdump does not
            """)
    }

    /// Records what is known of a stream that has ended.
    mutating func end(_ id: StreamID, _ statistics: StreamStatistics) {
        guard let index = interface(of: id) else { return }
        interfaces[index].known.add(statistics)
    }

    /// Takes records of a stream that was added; those of others are left out.
    mutating func write(_ records: UnsafeRawBufferPointer, of stream: StreamID) throws {
        guard let index = interface(of: stream) else { return }
        if interfaces[index].state == .undecided {
            do {
                try begin(stream)
            } catch OutputError.linkType {
                return
            }
        }
        guard interfaces[index].state == .accepted else { return }
        var rest = unsafe records
        while true {
            let done = unsafe encoder.encode(rest, interface: index, into: buffer.room)
            buffer.add(done.written)
            interfaces[index].written &+= UInt64(done.records)
            packets &+= UInt64(done.records)
            if done.read == rest.count { return }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[done.read...])
            try writeOut()
        }
    }

    /// Writes what there is; throws if nobody reads it any more. Compressed output waits for a full buffer or for
    /// ``longestWait``, unless somebody may be reading it: small pieces compress badly.
    mutating func flush(at now: ContinuousClock.Instant = .now) throws(OutputError) {
        if destination.hasLostReader { throw .readerGone }
        if compressor == nil || destination.isLive || now - lastWrite >= Self.longestWait { try writeOut() }
    }

    /// The longest time for which compressed packets are in memory only. With the interval between two calls of
    /// ``flush(at:)`` it is less than two seconds.
    private static let longestWait = Duration.milliseconds(1800)

    /// Writes what is left and what stands at the end of a file, and closes it. One that could not be written on is
    /// only closed.
    mutating func finish(at now: UInt64, isFailed: Bool) throws(OutputError) {
        if isFailed { return try destination.close() }
        var failure: OutputError?
        do {
            try writeOut()
            if destination.written == 0, let first = interfaces.first { try writeApart(encoder.begin(first.stream)) }
            for (index, interface) in interfaces.enumerated() {
                try writeApart(encoder.end(interface.known, written: interface.written, interface: index, now: now))
            }
            try writeEnding()
        } catch {
            failure = error
        }
        try close(failure)
    }

    /// Whether anything was written.
    var hasBegun: Bool { destination.written > 0 }

    /// Closes the destination. Throws `failure` if there is one, else what closing throws.
    private func close(_ failure: OutputError?) throws(OutputError) {
        do {
            try destination.close()
        } catch {
            throw failure ?? error
        }
        if let failure { throw failure }
    }

    private func interface(of id: StreamID) -> Int? {
        guard id.number < interfaceOfStream.count, interfaceOfStream[id.number] >= 0 else { return nil }
        return interfaceOfStream[id.number]
    }

    private mutating func writeStart() throws(OutputError) {
        let bytes = start
        start = []
        try writeApart(bytes)
    }

    /// Writes bytes that stand between packets, at once, so that a reader who waits knows that it goes on. A part of
    /// them is worth nothing.
    private mutating func writeApart(_ bytes: [UInt8]) throws(OutputError) {
        guard !bytes.isEmpty else { return }
        try writeOut()
        let bytes = unsafe bytes.span.bytes
        try unsafe bytes.withUnsafeBytes { bytes throws(OutputError) in
            unsafe try write(bytes) { _ in 0 }
        }
    }

    private mutating func writeOut() throws(OutputError) {
        lastWrite = .now
        guard buffer.count > 0 else { return }
        defer { buffer.removeAll() }
        let bytes = unsafe buffer.bytes
        unsafe try write(bytes) { unsafe encoder.wholeLength(of: bytes, upTo: $0) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, wholeLength: (Int) -> Int) throws(OutputError) {
        guard let compressor else { return unsafe try destination.write(bytes, wholeLength: wholeLength) }
        // A piece is compressed into a whole of its own.
        let compressed = unsafe try compressor.compress(bytes)
        do {
            try unsafe compressed.span.bytes.withUnsafeBytes { bytes throws(OutputError) in
                unsafe try destination.write(bytes) { _ in 0 }
            }
        } catch {
            // The part of this piece that was written has been cut off again, which may leave room for the end.
            if case .failed = error { try? writeEnding() }
            throw error
        }
    }

    /// Writes the end of a compressed file.
    private func writeEnding() throws(OutputError) {
        guard let ending = compressor?.ending, destination.written > 0, !ending.isEmpty else { return }
        try unsafe ending.span.bytes.withUnsafeBytes { bytes throws(OutputError) in
            unsafe try destination.write(bytes) { _ in 0 }
        }
    }
}

extension StreamStatistics {
    /// Adds what is known of a later part of the same stream.
    fileprivate mutating func add(_ other: StreamStatistics) {
        start = start ?? other.start
        end = other.end ?? end
        received = Self.sum(received, other.received)
        dropped = Self.sum(dropped, other.dropped)
    }

    private static func sum(_ left: UInt64?, _ right: UInt64?) -> UInt64? {
        guard let left, let right else { return left ?? right }
        return left &+ right
    }
}
