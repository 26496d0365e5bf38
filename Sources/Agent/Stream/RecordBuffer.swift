import CLinux
import CPcap

/// The file header and records on their way from the ring to standard output.
@safe struct RecordBuffer: ~Copyable {
    /// Stays in place while libpcap's callback points to it.
    let sink: UnsafeMutablePointer<RecordSink>
    /// How many bytes at the front the output has taken. May lie inside a unit that it took in part.
    private var sent = 0
    /// Where the unit begins that holds the byte at `sent`.
    private var unitStart = 0
    /// The file header stands at the front until it has been sent.
    private var holdsFileHeader = true

    /// Takes all the memory that the capture will need, for as long as the process lives: nothing can be given back from
    /// inside the sandbox.
    init(fileHeader: [UInt8], snaplen: Int, output: UnsafeMutablePointer<Output>, handle: OpaquePointer) {
        let memory = unsafe UnsafeMutableRawPointer.allocate(
            byteCount: RecordSink.capacity(snaplen: snaplen), alignment: 64)
        unsafe sink = UnsafeMutablePointer<RecordSink>.allocate(capacity: 1)
        unsafe sink.initialize(to: RecordSink(start: memory, snaplen: snaplen, output: output, handle: handle))
        unsafe memory.copyMemory(from: fileHeader, byteCount: PcapFormat.fileHeaderSize)
        unsafe sink.pointee.length = PcapFormat.fileHeaderSize
    }

    /// What the output has not taken yet.
    var unsent: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: sink.pointee.start + sent, count: sink.pointee.length - sent)
    }

    var isEmpty: Bool { unsafe sent == sink.pointee.length }

    /// How many bytes at the front of the unsent ones are whole units, `limit` at most. The rest of a unit that was taken
    /// in part counts as one.
    func wholeUnits(upTo limit: Int) -> Int {
        if unsafe unsent.count <= limit { return unsafe unsent.count }
        var end = unitStart
        while true {
            let next = end + unitLength(at: end)
            if next - sent > limit { return max(end - sent, 0) }
            end = next
        }
    }

    /// The length of what is left of the first unsent unit.
    var firstUnitLength: Int { unitStart + unitLength(at: unitStart) - sent }

    /// How many bytes of a unit the output took whose rest it did not: what must be cut off to leave whole units.
    var splitLength: Int { sent - unitStart }

    /// The number of records that have not been taken whole.
    func countUnsentRecords() -> UInt64 {
        var count: UInt64 = 0
        var end = unitStart
        while unsafe end < sink.pointee.length {
            if end > 0 || !holdsFileHeader { count += 1 }
            end += unitLength(at: end)
        }
        return count
    }

    /// Notes what the output took while the sink was being filled.
    mutating func markPassedOn() {
        let taken = unsafe sink.pointee.taken
        unsafe sink.pointee.taken = 0
        if taken > 0 { markSent(taken) }
    }

    /// Notes that the output took `count` bytes from the front.
    mutating func markSent(_ count: Int) {
        sent += count
        if isEmpty {
            unsafe sink.pointee.length = 0
            sent = 0
            unitStart = 0
            holdsFileHeader = false
            return
        }
        while unitStart + unitLength(at: unitStart) <= sent { unitStart += unitLength(at: unitStart) }
    }

    /// Forgets what the output has not taken; from then on the sink passes nothing on.
    mutating func discard() {
        unsafe sink.pointee.largePacket = .max
        markSent(unsafe unsent.count)
    }

    private func unitLength(at position: Int) -> Int {
        if position == 0 && holdsFileHeader { return PcapFormat.fileHeaderSize }
        return unsafe PcapFormat.recordLength(at: sink.pointee.start + position)
    }
}
