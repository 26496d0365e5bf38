/// One of the formats.
enum Encoder {
    case pcap(PcapEncoder)
    case pcapng(PcapngEncoder)

    init(_ format: CaptureOptions.Format) {
        switch format {
        case .pcap: self = .pcap(PcapEncoder())
        case .pcapng: self = .pcapng(PcapngEncoder())
        }
    }

    /// The bytes at the start, before any stream is known.
    func start(application: String, commandLine: String) -> [UInt8] {
        switch self {
        case .pcap: []
        case .pcapng(let encoder): encoder.section(application: application, comment: commandLine)
        }
    }

    /// Returns the bytes before the first packet of a stream. Throws if the format cannot hold its packets beside those
    /// of others.
    mutating func begin(_ stream: StreamDescription) throws(OutputError) -> [UInt8] {
        guard case .pcap(var encoder) = self else { return [] }
        let bytes = try encoder.begin(stream)
        self = .pcap(encoder)
        return bytes
    }

    /// Returns the description of a stream. Streams count from 0.
    mutating func add(_ stream: StreamDescription) -> [UInt8] {
        switch self {
        case .pcap: return []
        case .pcapng(var encoder):
            let bytes = encoder.add(stream)
            self = .pcapng(encoder)
            return bytes
        }
    }

    /// Writes records at the start of `room`, as many as fit.
    @inline(__always)
    func encode(
        _ records: UnsafeRawBufferPointer, interface: Int, into room: UnsafeMutableRawBufferPointer
    ) -> EncodedRecords {
        switch self {
        case .pcap(let encoder): unsafe encoder.encode(records, into: room)
        case .pcapng(let encoder): unsafe encoder.encode(records, interface: interface, into: room)
        }
    }

    /// The bytes that a record takes.
    func length(of record: RecordHeader) -> Int {
        switch self {
        case .pcap: record.recordLength
        case .pcapng: PcapngEncoder.length(of: record)
        }
    }

    /// Returns one record, with comments where the format has them.
    func block(_ record: UnsafeRawBufferPointer, interface: Int, comments: [String]) -> [UInt8] {
        let length = unsafe length(of: RecordHeader(record, at: 0))
        var block = [UInt8](repeating: 0, count: length)
        unsafe block.withUnsafeMutableBytes { unsafe _ = encode(record, interface: interface, into: $0) }
        if case .pcapng = self { return PcapngEncoder.add(comments, to: block) }
        return block
    }

    /// The most bytes that follow the packets of a file.
    func endLength(interfaces: Int) -> Int {
        switch self {
        case .pcap: 0
        case .pcapng: interfaces * PcapngEncoder.statisticsLength
        }
    }

    /// The interface of each packet in bytes that were encoded; in a format without interfaces the first.
    func interfaces(of bytes: UnsafeRawBufferPointer) -> [Int] {
        switch self {
        case .pcap: unsafe PcapEncoder.records(in: bytes).map { _ in 0 }
        case .pcapng: unsafe PcapngEncoder.blocks(in: bytes).map { unsafe Int(bytes.number(at: $0 + 8)) }
        }
    }

    /// Returns the bytes at the end of a stream.
    func end(_ known: StreamStatistics, written: UInt64, interface: Int, now: UInt64) -> [UInt8] {
        switch self {
        case .pcap: []
        case .pcapng(let encoder): encoder.statistics(known, written: written, interface: interface, now: now)
        }
    }

    /// Returns the length of the whole records in the first `limit` bytes.
    func wholeLength(of bytes: UnsafeRawBufferPointer, upTo limit: Int) -> Int {
        switch self {
        case .pcap: unsafe PcapEncoder.wholeLength(of: bytes, upTo: limit)
        case .pcapng: unsafe PcapngEncoder.wholeLength(of: bytes, upTo: limit)
        }
    }
}
