/// Reads the standard output of one session, in pieces of any size, and separates the pcap stream from whatever else the
/// session writes there.
///
/// Whatever the bytes, it holds no more than one record and one piece, and ``remarksLimit`` bytes of text.
struct PcapStream {
    /// Why a stream cannot be read any further.
    enum Problem: Equatable, Sendable {
        /// No pcap header came first.
        case notPcap
        /// Behind the whole records stands something else.
        case notARecord
    }

    /// The pcap header, once it has come.
    private(set) var header: PcapHeader?
    /// Why nothing more is read, if that is so.
    private(set) var problem: Problem?
    /// Whether the stream ended inside a record.
    private(set) var isCut = false
    /// What is not pcap, from before and behind the packets.
    private(set) var remarks: [UInt8] = []

    /// How much of what is not pcap is kept for a person to read, in bytes.
    static let remarksLimit = 4096
    /// How much may come before the pcap header (a login banner), in bytes.
    static let preambleLimit = 65536

    private var pending: [UInt8] = []
    private var needed = PcapHeader.size
    private var skipped = 0
    private var hasEnded = false

    /// Takes what was read next; gives the records that are now whole.
    mutating func append(_ chunk: UnsafeRawBufferPointer) -> RecordBatch? {
        guard problem == nil else { return nil }
        guard !hasEnded else {
            unsafe keep(chunk)
            return nil
        }
        if let header, pending.count + chunk.count >= needed {
            return unsafe takeRecords(of: header, from: RecordStorage(pending, chunk))
        }
        unsafe pending.append(contentsOf: chunk)
        guard header == nil, pending.count >= needed else { return nil }
        findHeader()
        guard let header else { return nil }
        return unsafe takeRecords(
            of: header, from: RecordStorage(pending, UnsafeRawBufferPointer(start: nil, count: 0)))
    }

    /// Takes the end of the stream. A session that ends as it was asked to writes no notice: bytes at the end that look
    /// like one are then the end of the last record, which is returned.
    mutating func finish(isAskedFor: Bool) -> RecordBatch? {
        if isAskedFor, let header, !hasEnded, let last = takeLast(of: header) { return last }
        let notice = pending.suffix(SessionNotice.length(atEndOf: pending))
        pending.removeLast(notice.count)
        if header == nil || pending.allSatisfy(\.isText) {
            keep(pending)
        } else {
            isCut = true
        }
        keep(notice)
        pending = []
        hasEnded = true
        if header == nil && problem == nil { problem = .notPcap }
        return nil
    }

    /// Takes what is pending for whole records, if it is that to the last byte.
    private mutating func takeLast(of header: PcapHeader) -> RecordBatch? {
        let storage = unsafe RecordStorage(pending, UnsafeRawBufferPointer(start: nil, count: 0))
        let walk = unsafe RecordWalk(over: storage.bytes, upTo: pending.count, of: header)
        guard walk.count > 0, walk.end == pending.count else { return nil }
        pending = []
        hasEnded = true
        return RecordBatch(storage, walk)
    }

    /// Looks for the header, and drops what stands before it.
    private mutating func findHeader() {
        let last = pending.count - PcapHeader.size
        for start in 0...last {
            guard let found = PcapHeader(pending[start...]) else { continue }
            header = found
            drop(start)
            pending.removeFirst(PcapHeader.size)
            needed = RecordHeader.size
            return
        }
        drop(last + 1)
        if skipped > Self.preambleLimit { fail(.notPcap) }
    }

    private mutating func drop(_ count: Int) {
        keep(pending.prefix(count))
        pending.removeFirst(count)
        skipped += count
    }

    /// Takes the whole records from bytes that begin with one, and keeps the rest.
    private mutating func takeRecords(of header: PcapHeader, from storage: RecordStorage) -> RecordBatch? {
        let bytes = unsafe storage.bytes
        // A notice may stand where the missing part of a record would: it waits for what comes next.
        let limit = unsafe bytes.count - SessionNotice.length(atEndOf: bytes)
        let walk = unsafe RecordWalk(over: bytes, upTo: limit, of: header)
        pending.removeAll(keepingCapacity: true)
        unsafe pending.append(contentsOf: bytes[walk.end...])
        switch walk.stop {
        case .incomplete(let needed): self.needed = needed
        case .invalid: endOfRecords()
        }
        guard walk.count > 0 else { return nil }
        return RecordBatch(storage, walk)
    }

    /// Text of 16 bytes never makes a record's header: as a length it is beyond any packet's.
    private mutating func endOfRecords() {
        guard pending.prefix(RecordHeader.size).allSatisfy(\.isText) else { return fail(.notARecord) }
        keep(pending)
        pending = []
        hasEnded = true
    }

    private mutating func fail(_ problem: Problem) {
        self.problem = problem
        hasEnded = true
        pending = []
    }

    private mutating func keep(_ bytes: some Collection<UInt8>) {
        remarks.append(contentsOf: bytes.prefix(Self.remarksLimit - remarks.count))
    }
}
