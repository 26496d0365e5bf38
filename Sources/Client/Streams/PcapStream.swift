/// Reads the standard output of one session: pcap as it comes in pieces of any size, and told from it whatever else a
/// session writes there.
///
/// Whatever the bytes, it holds no more than one record and one piece, and ``remarksLimit`` bytes of text.
struct PcapStream {
    /// What makes a stream useless from a place on.
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
        if pending.isEmpty { pending.reserveCapacity(chunk.count) }
        unsafe pending.append(contentsOf: chunk)
        guard pending.count >= needed else { return nil }
        if header == nil { findHeader() }
        // A notice may stand where the missing part of a record would: it waits for what comes next.
        return takeRecords(upTo: pending.count - SessionNotice.length(atEndOf: pending))
    }

    /// Takes the end of the stream; gives the records that were held back.
    mutating func finish() -> RecordBatch? {
        let notice = pending.suffix(SessionNotice.length(atEndOf: pending))
        pending.removeLast(notice.count)
        let batch = takeRecords(upTo: pending.count)
        if header == nil || pending.allSatisfy(\.isText) {
            keep(pending)
        } else {
            isCut = true
        }
        keep(notice)
        pending = []
        hasEnded = true
        if header == nil && problem == nil { problem = .notPcap }
        return batch
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

    private mutating func takeRecords(upTo limit: Int) -> RecordBatch? {
        guard let header else { return nil }
        let walk = RecordWalk(over: &pending, upTo: limit, of: header)
        var batch: [UInt8] = []
        if walk.end > 0 {
            // What was read is not copied: the batch keeps it, and the little that is left over moves.
            let rest = Array(pending[walk.end...])
            swap(&batch, &pending)
            batch.removeLast(rest.count)
            pending = rest
        }
        switch walk.stop {
        case .incomplete(let needed): self.needed = needed
        case .invalid: endOfRecords()
        }
        guard walk.count > 0 else { return nil }
        return RecordBatch(bytes: batch, count: walk.count, captured: walk.captured, latest: walk.latest)
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
