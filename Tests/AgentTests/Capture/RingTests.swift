import CLinux
import CPcap
import Testing

@testable import Agent

@Suite("The ring in memory")
struct RingTests {
    private typealias Packet = RingMemory.Packet

    private func numbered(_ numbers: ClosedRange<UInt32>, size: Int = 60) -> [Packet] {
        numbers.map { Packet(bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: size), seconds: $0) }
    }

    private func records(of packets: [Packet]) -> [UInt8] {
        packets.flatMap {
            SavedPackets.record(
                $0.bytes, length: $0.length ?? $0.bytes.count, seconds: $0.seconds, microseconds: $0.nanoseconds / 1000)
        }
    }

    @Test
    func `gives packets byte for byte, times and lengths included`() throws {
        let packets = [
            Packet(bytes: [1, 2, 3], seconds: 7, nanoseconds: 999),
            Packet(bytes: [], seconds: .max, nanoseconds: 1_000),
            Packet(bytes: [UInt8](repeating: 0xAB, count: 1501), length: 9000),
        ]
        let memory = RingMemory(blockCount: 2)
        memory.fill(0, packets)
        let reader = try Reader(memory)
        #expect(reader.drain() == .empty)
        #expect(reader.sink.bytes == records(of: packets))
        #expect(reader.sink.packets == 3)
        #expect(reader.sink.truncated == 1)
    }

    @Test
    func `gives nothing before a block is handed over, and gives each block back`() throws {
        let memory = RingMemory(blockCount: 3)
        let reader = try Reader(memory)
        #expect(reader.drain() == .empty)
        #expect(reader.sink.packets == 0)
        memory.fill(0, numbered(1...5))
        #expect(reader.drain() == .empty)
        #expect(reader.sink.packets == 5)
        #expect(!memory.isHandedOver(0))
    }

    @Test
    func `is read round and round, in the order of its blocks`() throws {
        let memory = RingMemory(blockCount: 3)
        let reader = try Reader(memory)
        var expected: [UInt8] = []
        var number: UInt32 = 1
        for turn in 0..<10 {
            for _ in 0...turn % 3 {
                let packets = numbered(number...number + 4)
                memory.fill(Int(number) / 5 % 3, packets)
                expected += records(of: packets)
                number += 5
            }
            while reader.drain() == .left {}
        }
        #expect(reader.sink.bytes == expected)
    }

    @Test
    func `lets others have their turn while packets keep coming`() throws {
        let memory = RingMemory(blockCount: 64)
        for block in 0..<64 { memory.fill(block, numbered(1...1)) }
        let reader = try Reader(memory)
        #expect(reader.drain() == .left)
        #expect((1..<64).contains(Int(reader.sink.packets)))
        while reader.drain() == .left {}
        #expect(reader.sink.packets == 64)
    }

    @Test
    func `tells once that a burst is not over, where it ends with a block full of large packets`() async {
        await #expect(processExitsWith: .success) {
            let file = try TemporaryFile()
            dup2(file.opened(flags: O_WRONLY), STDOUT_FILENO)
            let memory = RingMemory(blockCount: 4, blockSize: 64 << 10)
            let large = [Packet(bytes: [UInt8](repeating: 1, count: 20_000))]
            let small = [Packet(bytes: [1])]
            let reader = try Reader(memory, hasOutput: true)
            memory.fill(0, small + large + small)
            #expect(reader.drain() == .emptyInBurst)
            #expect(reader.drain() == .empty)
            memory.fill(1, large, isTimeUp: true)
            #expect(reader.drain() == .empty)
            memory.fill(2, large)
            memory.fill(3, small)
            #expect(reader.drain() == .left)
            #expect(reader.drain() == .empty)
            #expect(reader.sink.packets == 6)
            #expect(lseek(file.descriptor, 0, SEEK_END) == 3 * (16 + 20_000) + 2 * (16 + 1))
        }
    }

    @Test
    func `leaves what a full sink has no room for, and goes on there`() throws {
        let memory = RingMemory(blockCount: 64)
        let packets = numbered(1...7, size: 1000)
        for block in 0..<64 { memory.fill(block, packets) }
        let reader = try Reader(memory)
        var taken: [UInt8] = []
        #expect(reader.drain() == .left)
        #expect((0..<64).contains { memory.isHandedOver($0) })
        repeat {
            taken += reader.sink.bytes
            reader.sink.empty()
        } while reader.drain() == .left
        taken += reader.sink.bytes
        #expect(taken == (0..<64).flatMap { _ in records(of: packets) })
        #expect((0..<64).allSatisfy { !memory.isHandedOver($0) })
    }

    @Test(arguments: [(0x8100 as UInt16?, 0x8100), (0x88A8, 0x88A8), (nil, 0x8100)] as [(UInt16?, UInt16)])
    func `puts back the tag of a virtual network`(_ type: UInt16?, _ shown: UInt16) throws {
        let frame = [UInt8](1...60)
        let memory = RingMemory(blockCount: 1)
        memory.fill(0, [Packet(bytes: frame, tag: (control: 0x602A, type: type))])
        let reader = try Reader(memory)
        _ = reader.drain()
        let whole = frame[..<12] + [UInt8(shown >> 8), UInt8(shown & 0xFF), 0x60, 0x2A] + frame[12...]
        #expect(reader.sink.bytes.dropFirst(16).elementsEqual(whole))
        #expect(Array(reader.sink.bytes[8..<16]) == [64, 0, 0, 0, 64, 0, 0, 0])
    }

    @Test
    func `leaves a frame without room for addresses as it is`() throws {
        let memory = RingMemory(blockCount: 1)
        memory.fill(0, [Packet(bytes: [1, 2, 3], tag: (control: 1, type: nil))])
        let reader = try Reader(memory)
        _ = reader.drain()
        #expect(reader.sink.bytes.dropFirst(16) == [1, 2, 3])
    }

    @Test
    func `has the header of LINUX_SLL2 where all interfaces are captured`() throws {
        var address = sockaddr_ll()
        address.sll_protocol = UInt16(0x0800).bigEndian
        address.sll_ifindex = 0x0102
        address.sll_hatype = 0x0304
        address.sll_pkttype = 4
        address.sll_halen = 6
        address.sll_addr = (1, 2, 3, 4, 5, 6, 7, 8)
        let memory = RingMemory(blockCount: 1)
        memory.fill(0, [Packet(bytes: [0xAA, 0xBB], address: address)])
        let reader = try Reader(memory, .linuxSLL2)
        _ = reader.drain()
        #expect(Array(reader.sink.bytes[8..<16]) == [22, 0, 0, 0, 22, 0, 0, 0])
        let header: [UInt8] = [8, 0, 0, 0, 0, 0, 1, 2, 3, 4, 4, 6, 1, 2, 3, 4, 5, 6, 7, 8]
        #expect(Array(reader.sink.bytes.dropFirst(16)) == header + [0xAA, 0xBB])
    }

    @Test(arguments: [(Framing.ethernet, 4), (.linuxSLL2, 20)])
    func `keeps no more than snaplen, with what it adds`(_ framing: Framing, _ added: Int) throws {
        let memory = RingMemory(blockCount: 1)
        memory.fill(0, [Packet(bytes: [UInt8](repeating: 1, count: 96), length: 500, tag: (control: 1, type: nil))])
        let reader = try Reader(memory, framing, snaplen: 96)
        _ = reader.drain()
        #expect(reader.sink.bytes.count == 16 + 96)
        #expect(
            Array(reader.sink.bytes[8..<14]) == [96, 0, 0, 0, UInt8((500 + added) & 0xFF), UInt8((500 + added) >> 8)])
        #expect(reader.sink.truncated == 1)
    }

    @Test
    func `is read by libpcap for link types that it has to bring into form`() {
        #expect(Framing(linkType: DLT_EN10MB) == .ethernet)
        #expect(Framing(linkType: DLT_RAW) == Framing.none)
        #expect(Framing(linkType: DLT_LINUX_SLL2) == .linuxSLL2)
        for linkType in [DLT_LINUX_SLL, DLT_CAN_SOCKETCAN, DLT_IEEE802_11_RADIO] {
            #expect(Framing(linkType: linkType) == nil)
        }
    }

    @Test
    func `is not found for a socket that has none`() {
        let socket = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(socket) }
        let isFound = unsafe Ring.find(of: socket, linkType: DLT_EN10MB, snaplen: 96) != nil
        #expect(!isFound)
    }
}

/// `#expect` takes no call that changes a value in place.
@safe private final class Reader {
    private var ring: Ring
    let sink: TestSink
    private let memory: RingMemory
    private let handle = FilterHandle()

    init(_ memory: RingMemory, _ framing: Framing = .ethernet, snaplen: Int = 65535, hasOutput: Bool = false) throws {
        self.memory = memory
        unsafe sink = try TestSink(snaplen: snaplen, handle: handle.handle, hasOutput: hasOutput)
        unsafe ring = Ring(
            at: memory.start, blockSize: memory.blockSize, blockCount: memory.blockCount, framing: framing,
            snaplen: snaplen)
    }

    func drain() -> Capture.Drained {
        unsafe ring.drain(into: sink.pointer)
    }
}
