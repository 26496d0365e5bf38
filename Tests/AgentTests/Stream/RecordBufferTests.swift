import Testing

@testable import Agent

@Suite("The buffer of records")
struct RecordBufferTests {
    private static let sizes = [10, 0, 100, 60]
    /// The lengths of what stands in it: the file header, then the records.
    private static let units = [24] + sizes.map { 16 + $0 }
    private static let total = units.reduce(0, +)

    @Test
    func `begins with the file header`() throws {
        let buffer = try Buffer([])
        #expect(!buffer.isEmpty)
        #expect(buffer.unsent == SavedPackets.fileHeader(snaplen: 65535))
        #expect(buffer.firstUnitLength == 24)
        #expect(buffer.countUnsentRecords() == 0)
    }

    @Test
    func `holds the records behind it`() throws {
        let buffer = try Buffer(Self.sizes)
        #expect(buffer.unsent == SavedPackets.fileHeader(snaplen: 65535) + SavedPackets.records(sizes: Self.sizes))
        #expect(buffer.countUnsentRecords() == 4)
    }

    @Test
    func `gives whole units up to a limit`() throws {
        let buffer = try Buffer(Self.sizes)
        let ends = Self.units.indices.map { Self.units[...$0].reduce(0, +) }
        for limit in 0...(Self.total + 50) {
            #expect(buffer.wholeUnits(upTo: limit) == ends.last { $0 <= limit } ?? 0, "limit \(limit)")
        }
    }

    @Test
    func `is left as if nothing had been cut, wherever the output stops`() throws {
        let ends = Self.units.indices.map { Self.units[...$0].reduce(0, +) }
        for sent in 1..<Self.total {
            let buffer = try Buffer(Self.sizes)
            let whole = buffer.unsent
            buffer.markSent(sent)
            let start = ends.last { $0 <= sent } ?? 0
            let end = ends.first { $0 > sent }!
            #expect(buffer.unsent.elementsEqual(whole.dropFirst(sent)), "\(sent) sent")
            #expect(buffer.splitLength == sent - start, "\(sent) sent")
            #expect(buffer.firstUnitLength == end - sent, "\(sent) sent")
            #expect(buffer.wholeUnits(upTo: end - sent - 1) == 0, "\(sent) sent")
            #expect(buffer.wholeUnits(upTo: end - sent) == end - sent, "\(sent) sent")
            // A record of which a part is missing is missing.
            let unsent = ends.filter { $0 > max(sent, 24) }.count
            #expect(buffer.countUnsentRecords() == UInt64(unsent), "\(sent) sent")
        }
    }

    @Test
    func `is the same whether it is sent at once or byte by byte`() throws {
        let buffer = try Buffer(Self.sizes)
        for sent in 1..<Self.total {
            buffer.markSent(1)
            let other = try Buffer(Self.sizes)
            other.markSent(sent)
            #expect(buffer.splitLength == other.splitLength)
            #expect(buffer.firstUnitLength == other.firstUnitLength)
        }
        buffer.markSent(1)
        #expect(buffer.isEmpty)
    }

    @Test
    func `is empty once all was sent, and has no file header any more`() throws {
        let buffer = try Buffer([])
        buffer.markSent(24)
        #expect(buffer.isEmpty)
        #expect(buffer.splitLength == 0)
        try buffer.fill(Self.sizes)
        #expect(buffer.unsent == SavedPackets.records(sizes: Self.sizes))
        #expect(buffer.firstUnitLength == 26)
        #expect(buffer.countUnsentRecords() == 4)
        buffer.markSent(26)
        #expect(buffer.splitLength == 0)
        #expect(buffer.countUnsentRecords() == 3)
    }

    @Test
    func `forgets what is discarded, and can be filled again`() throws {
        let buffer = try Buffer(Self.sizes)
        buffer.markSent(30)
        buffer.discard()
        #expect(buffer.isEmpty)
        #expect(buffer.countUnsentRecords() == 0)
        try buffer.fill([5])
        #expect(buffer.unsent == SavedPackets.records(sizes: [5]))
        #expect(buffer.countUnsentRecords() == 1)
    }
}

/// A record buffer that is filled from files and has no output. `#expect` takes nothing that cannot be copied.
@safe private final class Buffer {
    private var buffer: RecordBuffer
    private let output = UnsafeMutablePointer<Output>.allocate(capacity: 1)
    private let nothing: SavedPackets

    init(_ sizes: [Int]) throws {
        nothing = try SavedPackets(snaplen: 65535, [])
        buffer = unsafe RecordBuffer(
            fileHeader: SavedPackets.fileHeader(snaplen: 65535), snaplen: 65535, output: output,
            handle: nothing.handle)
        try fill(sizes)
    }

    deinit {
        // The buffer itself keeps its memory for good.
        unsafe buffer.sink.pointee.start.deallocate()
        unsafe buffer.sink.deallocate()
        unsafe output.deallocate()
    }

    func fill(_ sizes: [Int]) throws {
        let packets = try SavedPackets(snaplen: 65535, SavedPackets.records(sizes: sizes))
        _ = unsafe packets.dispatch(into: buffer.sink)
    }

    var unsent: [UInt8] { unsafe [UInt8](buffer.unsent) }
    var isEmpty: Bool { buffer.isEmpty }
    var firstUnitLength: Int { buffer.firstUnitLength }
    var splitLength: Int { buffer.splitLength }
    func wholeUnits(upTo limit: Int) -> Int { buffer.wholeUnits(upTo: limit) }
    func countUnsentRecords() -> UInt64 { buffer.countUnsentRecords() }
    func markSent(_ count: Int) { buffer.markSent(count) }
    func discard() { buffer.discard() }
}
