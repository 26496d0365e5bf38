import CLinux
import Testing

@testable import Agent

@Suite("The queue of records")
struct RecordQueueTests {
    private static let header = Packet.fileHeader(snaplen: 65_535)
    private static let packets = Packet.numbered(sizes: [10, 0, 100, 60])
    /// Where the file header and each record end.
    private static let ends = packets.reduce(into: [24]) { $0.append($0.last! + $1.record.count) }
    private static let total = ends.last!

    // MARK: What it holds

    @Test
    func `begins with the file header`() {
        let queue = Queue()
        #expect(queue.waiting == Self.header)
        #expect(!queue.isEmpty)
        #expect(queue.firstRecordLength == 24)
        #expect(queue.countRecords() == 0)
        #expect(queue.added == 0)
    }

    @Test
    func `holds packets as records, byte for byte, times and lengths included`() {
        let packets = [
            Packet(bytes: [1, 2, 3], seconds: 1_795_079_287, microseconds: 999_999), Packet(bytes: []),
            Packet(bytes: [UInt8](repeating: 0xAB, count: 1501), length: 9000, seconds: 1, microseconds: 2),
            // Beyond 2106 the seconds begin anew.
            Packet(bytes: [4], seconds: 1 << 32 + 5), Packet(bytes: [], length: Int(UInt32.max)),
        ]
        let queue = Queue(packets)
        #expect(queue.waiting == Self.header + packets.flatMap { $0.record })
    }

    @Test
    func `counts what was added, and what is shorter than it was on the wire`() {
        let queue = Queue(Self.packets)
        #expect((queue.added, queue.truncated) == (4, 0))
        queue.add([Packet(bytes: [1], length: 2), Packet(bytes: [], length: 1), Packet(bytes: [1, 2])])
        #expect((queue.added, queue.truncated) == (7, 2))
        queue.removeFirst(queue.count)
        #expect((queue.added, queue.truncated) == (7, 2))
    }

    @Test(arguments: [(1, 1), (96, 96), (1500, 60), (65_535, 65_535), (262_144, 1), (262_144, 262_144)])
    func `has room for a megabyte, and then for a record of the largest size`(_ snaplen: Int, _ size: Int) {
        let queue = Queue(snaplen: snaplen)
        let packet = Packet(bytes: [UInt8](repeating: 0xCD, count: size))
        var expected = queue.waiting
        while queue.hasRoom {
            queue.add([packet])
            expected += packet.record
        }
        #expect((1 << 20...1 << 20 + 16 + snaplen).contains(queue.count))
        #expect(queue.waiting == expected)
    }

    // MARK: What the output takes

    @Test
    func `gives whole records up to a limit`() {
        let queue = Queue(Self.packets)
        for limit in 0...(Self.total + 50) {
            #expect(queue.wholeRecords(upTo: limit) == Self.ends.last { $0 <= limit } ?? 0, "limit \(limit)")
        }
    }

    @Test
    func `knows the whole records and the split one, wherever the output stops`() {
        let queue = Queue(Self.packets)
        let whole = queue.waiting
        for taken in 1..<Self.total {
            queue.removeFirst(1)
            let start = Self.ends.last { $0 <= taken } ?? 0
            let end = Self.ends.first { $0 > taken }!
            #expect(queue.waiting.elementsEqual(whole.dropFirst(taken)), "\(taken) taken")
            #expect(queue.splitLength == taken - start, "\(taken) taken")
            #expect(queue.firstRecordLength == end - taken, "\(taken) taken")
            #expect(queue.wholeRecords(upTo: end - taken - 1) == 0, "\(taken) taken")
            #expect(queue.wholeRecords(upTo: end - taken) == end - taken, "\(taken) taken")
            // A record of which a part is missing is missing.
            let missing = Self.ends.count { $0 > max(taken, 24) }
            #expect(queue.countRecords() == UInt64(missing), "\(taken) taken")
        }
    }

    @Test
    func `is the same whether it is taken byte by byte or at once`() {
        let slow = Queue(Self.packets)
        for taken in 1..<Self.total {
            slow.removeFirst(1)
            let fast = Queue(Self.packets)
            fast.removeFirst(taken)
            #expect(slow.splitLength == fast.splitLength, "\(taken) taken")
            #expect(slow.firstRecordLength == fast.firstRecordLength, "\(taken) taken")
            #expect(slow.waiting == fast.waiting, "\(taken) taken")
        }
    }

    @Test
    func `takes records while others are being taken`() {
        let queue = Queue(Self.packets)
        queue.removeFirst(30)
        queue.add(Self.packets)
        let whole = Self.header + Self.packets.flatMap { $0.record } + Self.packets.flatMap { $0.record }
        #expect(queue.waiting.elementsEqual(whole.dropFirst(30)))
        #expect(queue.splitLength == 6)
        #expect(queue.countRecords() == 8)
    }

    // MARK: Once all was taken

    @Test
    func `is empty, and has no file header any more`() {
        let queue = Queue()
        queue.removeFirst(24)
        #expect(queue.isEmpty)
        #expect(queue.splitLength == 0)
        #expect(queue.countRecords() == 0)
        #expect(queue.wholeRecords(upTo: 100) == 0)
        queue.add(Self.packets)
        #expect(queue.waiting == Self.packets.flatMap { $0.record })
        #expect(queue.firstRecordLength == 26)
        #expect(queue.countRecords() == 4)
        queue.removeFirst(27)
        #expect(queue.splitLength == 1)
        #expect(queue.countRecords() == 3)
    }

    @Test
    func `begins at the front again`() {
        let queue = Queue()
        let front = queue.address
        var places: Set<Int> = []
        for _ in 0..<100 {
            queue.add(Self.packets)
            places.insert(queue.address - front)
            // Not as long as something waits.
            queue.removeFirst(queue.count - 1)
            queue.add([Packet(bytes: [])])
            #expect(queue.address > front)
            queue.removeFirst(queue.count)
            #expect(queue.address == front)
        }
        #expect(places == [0])
    }

    @Test
    func `has all its room again`() {
        let queue = Queue()
        let packet = Packet(bytes: [UInt8](repeating: 1, count: 65_535))
        var rounds: Set<Int> = []
        for _ in 0..<3 {
            queue.removeFirst(queue.count)
            var count = 0
            while queue.hasRoom {
                queue.add([packet])
                count += 1
            }
            rounds.insert(count)
            queue.removeFirst(queue.count - 1)
            #expect(!queue.hasRoom)
        }
        #expect(rounds.count == 1)
    }
}

/// `#expect` takes nothing that cannot be copied.
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

    var waiting: [UInt8] { unsafe [UInt8](queue.waiting) }
    var address: Int { unsafe Int(bitPattern: queue.waiting.baseAddress) }
    var count: Int { queue.count }
    var isEmpty: Bool { queue.isEmpty }
    var hasRoom: Bool { queue.hasRoom }
    var added: UInt64 { queue.added }
    var truncated: UInt64 { queue.truncated }
    var firstRecordLength: Int { queue.firstRecordLength }
    var splitLength: Int { queue.splitLength }

    func wholeRecords(upTo limit: Int) -> Int { queue.wholeRecords(upTo: limit) }
    func countRecords() -> UInt64 { queue.countRecords() }
}
