import CLinux
import Testing

@testable import Agent

@Suite("A queue of records")
struct RecordQueueTests {
    private static let header = Packet.fileHeader(snaplen: 65_535)
    private static let packets = Packet.numbered(sizes: [10, 0, 100, 60])
    /// The offsets at which the file header and each record end.
    private static let ends = packets.reduce(into: [24]) { $0.append($0.last! + $1.record.count) }
    private static let total = ends.last!

    // MARK: Content

    @Test
    func `begins with the file header`() {
        let queue = Queue()
        #expect(queue.pendingBytes == Self.header)
        #expect(!queue.isEmpty)
        #expect(queue.firstRecordLength == 24)
        #expect(queue.countPendingRecords() == 0)
        #expect(queue.recordCount == 0)
    }

    @Test
    func `contains packets as records, with times and lengths`() {
        let packets = [
            Packet(bytes: [1, 2, 3], seconds: 1_795_079_287, microseconds: 999_999), Packet(bytes: []),
            Packet(bytes: [UInt8](repeating: 0xAB, count: 1501), length: 9000, seconds: 1, microseconds: 2),
            // The seconds wrap to 0 in 2106.
            Packet(bytes: [4], seconds: 1 << 32 + 5), Packet(bytes: [], length: Int(UInt32.max)),
        ]
        let queue = Queue(packets)
        #expect(queue.pendingBytes == Self.header + packets.flatMap { $0.record })
    }

    @Test
    func `counts the records, and those that are shorter than their packets were`() {
        let queue = Queue(Self.packets)
        #expect((queue.recordCount, queue.truncatedPacketCount) == (4, 0))
        queue.add([Packet(bytes: [1], length: 2), Packet(bytes: [], length: 1), Packet(bytes: [1, 2])])
        #expect((queue.recordCount, queue.truncatedPacketCount) == (7, 2))
        queue.removeFirst(queue.count)
        #expect((queue.recordCount, queue.truncatedPacketCount) == (7, 2))
    }

    @Test(arguments: [(1, 1), (96, 96), (1500, 60), (65_535, 65_535), (262_144, 1), (262_144, 262_144)])
    func `has space for a megabyte and one record of the largest size`(_ snaplen: Int, _ size: Int) {
        let queue = Queue(snaplen: snaplen)
        let packet = Packet(bytes: [UInt8](repeating: 0xCD, count: size))
        var expected = queue.pendingBytes
        while queue.hasFreeSpace {
            queue.add([packet])
            expected += packet.record
        }
        #expect((1 << 20...1 << 20 + 16 + snaplen).contains(queue.count))
        #expect(queue.pendingBytes == expected)
    }

    // MARK: Removing

    @Test
    func `finds the whole records within a limit`() {
        let queue = Queue(Self.packets)
        for limit in 0...(Self.total + 50) {
            #expect(queue.wholeRecordsLength(upTo: limit) == Self.ends.last { $0 <= limit } ?? 0, "limit \(limit)")
        }
    }

    @Test
    func `finds the whole records and the partial one, wherever the output stops`() {
        let queue = Queue(Self.packets)
        let whole = queue.pendingBytes
        for taken in 1..<Self.total {
            queue.removeFirst(1)
            let start = Self.ends.last { $0 <= taken } ?? 0
            let end = Self.ends.first { $0 > taken }!
            #expect(queue.pendingBytes.elementsEqual(whole.dropFirst(taken)), "\(taken) taken")
            #expect(queue.partialRecordLength == taken - start, "\(taken) taken")
            #expect(queue.firstRecordLength == end - taken, "\(taken) taken")
            #expect(queue.wholeRecordsLength(upTo: end - taken - 1) == 0, "\(taken) taken")
            #expect(queue.wholeRecordsLength(upTo: end - taken) == end - taken, "\(taken) taken")
            // A partial record counts as missing.
            let missing = Self.ends.count { $0 > max(taken, 24) }
            #expect(queue.countPendingRecords() == UInt64(missing), "\(taken) taken")
        }
    }

    @Test
    func `is the same whether bytes are removed one by one or at once`() {
        let slow = Queue(Self.packets)
        for taken in 1..<Self.total {
            slow.removeFirst(1)
            let fast = Queue(Self.packets)
            fast.removeFirst(taken)
            #expect(slow.partialRecordLength == fast.partialRecordLength, "\(taken) taken")
            #expect(slow.firstRecordLength == fast.firstRecordLength, "\(taken) taken")
            #expect(slow.pendingBytes == fast.pendingBytes, "\(taken) taken")
        }
    }

    @Test
    func `accepts records while others are being removed`() {
        let queue = Queue(Self.packets)
        queue.removeFirst(30)
        queue.add(Self.packets)
        let whole = Self.header + Self.packets.flatMap { $0.record } + Self.packets.flatMap { $0.record }
        #expect(queue.pendingBytes.elementsEqual(whole.dropFirst(30)))
        #expect(queue.partialRecordLength == 6)
        #expect(queue.countPendingRecords() == 8)
    }

    // MARK: When it is empty

    @Test
    func `has no file header any more`() {
        let queue = Queue()
        queue.removeFirst(24)
        #expect(queue.isEmpty)
        #expect(queue.partialRecordLength == 0)
        #expect(queue.countPendingRecords() == 0)
        #expect(queue.wholeRecordsLength(upTo: 100) == 0)
        queue.add(Self.packets)
        #expect(queue.pendingBytes == Self.packets.flatMap { $0.record })
        #expect(queue.firstRecordLength == 26)
        #expect(queue.countPendingRecords() == 4)
        queue.removeFirst(27)
        #expect(queue.partialRecordLength == 1)
        #expect(queue.countPendingRecords() == 3)
    }

    @Test
    func `begins at the front again`() {
        let queue = Queue()
        let front = queue.address
        var offsets: Set<Int> = []
        for _ in 0..<100 {
            queue.add(Self.packets)
            offsets.insert(queue.address - front)
            // The offset does not change while a byte is pending.
            queue.removeFirst(queue.count - 1)
            queue.add([Packet(bytes: [])])
            #expect(queue.address > front)
            queue.removeFirst(queue.count)
            #expect(queue.address == front)
        }
        #expect(offsets == [0])
    }

    @Test
    func `has all its space`() {
        let queue = Queue()
        let packet = Packet(bytes: [UInt8](repeating: 1, count: 65_535))
        var rounds: Set<Int> = []
        for _ in 0..<3 {
            queue.removeFirst(queue.count)
            var count = 0
            while queue.hasFreeSpace {
                queue.add([packet])
                count += 1
            }
            rounds.insert(count)
            queue.removeFirst(queue.count - 1)
            #expect(queue.hasFreeSpace, "the space before the pending byte counts")
        }
        #expect(rounds.count == 1)
    }

    @Test
    func `has space behind a reader that never empties it`() {
        let queue = Queue()
        let packet = Packet(bytes: [UInt8](repeating: 7, count: 1000))
        var expected = queue.pendingBytes
        for round in 0..<4000 {
            queue.add([packet])
            expected += packet.record
            // A third of the bytes stays in the queue.
            if round >= 300 {
                queue.removeFirst(packet.record.count)
                expected.removeFirst(packet.record.count)
            }
            #expect(queue.hasFreeSpace)
        }
        #expect(queue.pendingBytes == expected && queue.countPendingRecords() > 300)
    }
}

/// A queue in a class, so that closures of `#expect` can capture it.
@safe private final class Queue {
    private var queue: RecordQueue

    init(_ packets: [Packet] = [], snaplen: Int = 65_535) {
        queue = RecordQueue(fileHeader: Packet.fileHeader(snaplen: snaplen), snaplen: snaplen)
        add(packets)
    }

    func add(_ packets: [Packet]) {
        for packet in packets { queue.add(packet) }
    }

    func removeFirst(_ count: Int) {
        queue.removeFirst(count)
    }

    var pendingBytes: [UInt8] { unsafe [UInt8](queue.pendingBytes) }
    var address: Int { unsafe Int(bitPattern: queue.pendingBytes.baseAddress) }
    var count: Int { queue.count }
    var isEmpty: Bool { queue.isEmpty }
    var hasFreeSpace: Bool { queue.hasFreeSpace }
    var recordCount: UInt64 { queue.recordCount }
    var truncatedPacketCount: UInt64 { queue.truncatedPacketCount }
    var firstRecordLength: Int { queue.firstRecordLength }
    var partialRecordLength: Int { queue.partialRecordLength }

    func wholeRecordsLength(upTo limit: Int) -> Int { queue.wholeRecordsLength(upTo: limit) }
    func countPendingRecords() -> UInt64 { queue.countPendingRecords() }
}
