/// Reads the standard output of one session, in pieces of any size, and separates the pcap stream from whatever else the
/// session writes there.
///
/// A stream holds one record and one piece at most, and ``remarksLimit`` bytes of text, whatever is sent.
struct PcapStream {
    /// The pcap header, once it has come.
    private(set) var header: PcapHeader?
    /// The reason why nothing more is read; nil if the stream goes on.
    private(set) var problem: Problem?
    /// Whether the stream ended inside a record.
    private(set) var isCut = false
    /// The bytes before and behind the packets that are not pcap.
    private(set) var remarks: [UInt8] = []

    /// The number of bytes that are kept of text among packets, for a person to read.
    static let remarksLimit = 4096
    /// The number of bytes that may precede the pcap header (a login banner).
    static let preambleLimit = 65536

    /// The bytes that wait for those behind them, unless ``partial`` holds them.
    private var pending: [UInt8] = []
    /// A storage with a part of a record: it is read into until the record is whole.
    private var partial: RecordStorage?
    private var needed = PcapHeader.size
    private var skipped = 0
    private var hasEnded = false

    /// Whether whole records wait because their last bytes look like a notice, which the next bytes or the end will show.
    private(set) var isHoldingBack = false

    /// Returns a storage to read the next bytes into. They are then given to ``append(_:)``.
    var input: RecordStorage { partial ?? RecordStorage(with: pending) }

    /// Takes a storage that ``input`` returned and the next bytes were added to. Returns the records that are now whole.
    mutating func append(_ storage: RecordStorage) -> RecordBatch? {
        guard problem == nil else { return nil }
        guard !hasEnded else {
            unsafe keep(storage.bytes)
            return nil
        }
        partial = nil
        if let header {
            if storage.count >= needed { return takeRecords(of: header, from: storage.compacted()) }
            partial = storage
            return nil
        }
        pending = unsafe [UInt8](storage.bytes)
        if pending.count >= needed { findHeader() }
        guard let header else { return nil }
        return takeRecords(of: header, from: pendingStorage)
    }

    /// Reads the bytes that a pipe holds now. Returns the records that are now whole, if there are any.
    mutating func read(from pipe: SessionPipe) throws(Errno) -> SessionPipe.Piece<RecordBatch?> {
        let input = input
        return try unsafe pipe.read(into: input.room) { count in
            input.add(count)
            return append(input)
        }
    }

    /// Moves the bytes of ``partial`` to ``pending``.
    private mutating func settle() {
        if let partial { pending = unsafe [UInt8](partial.bytes) }
        partial = nil
    }

    private var pendingStorage: RecordStorage {
        unsafe pending.withUnsafeBytes { unsafe RecordStorage($0) }
    }

    /// Returns the records that are held back, for nothing has followed them: a session that writes a notice ends with it.
    mutating func release() -> RecordBatch? {
        guard isHoldingBack, let header else { return nil }
        isHoldingBack = false
        settle()
        return takeLast(of: header)
    }

    /// Takes the end of the stream. A session that ends in order, as it was asked to or with status 0, writes no notice:
    /// bytes at the end that look like one are then the end of the last record, which is returned.
    mutating func finish(isOrderly: Bool) -> RecordBatch? {
        settle()
        if isOrderly, let header, !hasEnded, let last = takeLast(of: header) {
            hasEnded = true
            return last
        }
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

    /// Returns the pending bytes as records if they are whole ones to the last byte.
    private mutating func takeLast(of header: PcapHeader) -> RecordBatch? {
        let storage = pendingStorage
        let walk = unsafe RecordWalk(over: storage.bytes, upTo: pending.count, of: header)
        guard walk.count > 0, walk.end == pending.count else { return nil }
        pending = []
        needed = RecordHeader.size
        return RecordBatch(storage, walk)
    }

    /// Looks for the header, and drops what stands before it.
    private mutating func findHeader() {
        let last = pending.count - PcapHeader.size
        for start in 0...last {
            guard let found = PcapHeader(pending[start...]) else { continue }
            drop(start)
            guard LinkType.names[found.linkType] != nil else { return fail(.linkType(found.linkType)) }
            header = found
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
        isHoldingBack = limit < bytes.count
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
        // A notice may come in pieces.
        guard !SessionNotice.mayBegin(pending) else {
            needed = pending.count + 1
            return
        }
        let text = pending.prefix(Self.remarksLimit)
        keep(text)
        fail(.text(String(decoding: text, as: UTF8.self).inOneLine(limit: 200)))
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
