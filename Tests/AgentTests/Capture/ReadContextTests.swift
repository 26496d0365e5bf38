import CLinux
import CPcap
import Testing

@testable import Agent

/// Reads packets from a file. libpcap returns them as it returns those of a ring.
@Suite("Reading packets into the queue")
struct ReadContextTests {
    /// A handle of libpcap for a file in memory.
    @safe private final class SavedPackets {
        private let bytes: UnsafeMutableBufferPointer<UInt8>
        let handle: OpaquePointer

        init(_ file: [UInt8]) throws {
            unsafe bytes = UnsafeMutableBufferPointer.allocate(capacity: file.count)
            _ = unsafe bytes.initialize(from: file)
            var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
            let stream = unsafe fmemopen(bytes.baseAddress, bytes.count, "r")
            unsafe handle = try #require(unsafe pcap_fopen_offline(stream, &message))
        }

        deinit {
            unsafe pcap_close(handle)
            unsafe bytes.deallocate()
        }
    }

    private static let batchSize = 256 << 10
    private static let snaplen = 65_535

    @Test(arguments: [
        [0], [1, 60, 0, 1500], [65_535], [Int](repeating: 100, count: 10_000), [Int](repeating: 65_000, count: 60),
    ])
    func `copies all packets in order and unchanged, about a batch at a time`(_ sizes: [Int]) throws {
        let header = Packet.fileHeader(snaplen: Self.snaplen)
        let file = header + Packet.numbered(sizes: sizes).flatMap { $0.record }
        let packets = try SavedPackets(file)
        var queue = RecordQueue(fileHeader: header, snaplen: Self.snaplen)
        var output: [UInt8] = []
        var emptyReads = 0
        while emptyReads < 2 {
            let before = queue.count
            let status = unsafe ReadContext.dispatch(packets.handle, into: &queue)
            #expect(status >= 0 || status == PCAP_ERROR_BREAK)
            #expect(queue.count - before < Self.batchSize + 16 + Self.snaplen)
            emptyReads = queue.count == before ? emptyReads + 1 : 0
            unsafe output.append(contentsOf: queue.pendingBytes)
            queue.removeFirst(queue.count)
        }
        #expect(output == file)
        let count = queue.recordCount
        #expect(count == UInt64(sizes.count))
    }

    @Test
    func `stops before the queue is full, and reads the other packets later`() throws {
        let header = Packet.fileHeader(snaplen: Self.snaplen)
        let file = header + Packet.numbered(sizes: [Int](repeating: 9000, count: 300)).flatMap { $0.record }
        let packets = try SavedPackets(file)
        var queue = RecordQueue(fileHeader: header, snaplen: Self.snaplen)
        var reads = 0
        while queue.hasFreeSpace, reads < 100 {
            _ = unsafe ReadContext.dispatch(packets.handle, into: &queue)
            reads += 1
        }
        let isFull = !queue.hasFreeSpace
        #expect(isFull)
        let held = unsafe [UInt8](queue.pendingBytes)
        #expect(held.count < file.count)
        #expect(held.elementsEqual(file.prefix(held.count)))
    }
}
