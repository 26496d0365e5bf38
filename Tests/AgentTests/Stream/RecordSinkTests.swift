import CPcap
import Testing

@testable import Agent

/// libpcap reads a file of packets into the sink as it reads the ring. The packets are small enough to be copied, so that
/// no output is needed.
@Suite("Records from libpcap")
struct RecordSinkTests {
    @Test
    func `are the packets, byte for byte, times and lengths included`() throws {
        let records =
            SavedPackets.record([1, 2, 3], length: 3, seconds: 1_795_079_287, microseconds: 999_999)
            + SavedPackets.record([], length: 0)
            + SavedPackets.record([UInt8](repeating: 0xAB, count: 1501), length: 9000, seconds: 1, microseconds: 2)
        let sink = try Sink(snaplen: 65535, records)
        #expect(sink.dispatch() == 3)
        #expect(sink.bytes == records)
        #expect(sink.packets == 3)
        #expect(sink.truncated == 1)
    }

    @Test(arguments: [(96, 96), (1500, 1500), (262_144, 1), (262_144, 8191)])
    func `always find room, libpcap being told to stop in time`(_ snaplen: Int, _ size: Int) throws {
        let capacity = unsafe RecordSink.capacity(snaplen: snaplen)
        let count = 3 * capacity / (16 + size)
        let records = SavedPackets.records(sizes: (0..<count).map { _ in size })
        let sink = try Sink(snaplen: snaplen, records)

        var taken: [UInt8] = []
        while taken.count < records.count {
            try #require(sink.dispatch() > 0)
            try #require(sink.bytes.count <= capacity - 16 - snaplen + 16 + size)
            taken += sink.bytes
            sink.empty()
            // From a file libpcap says so at the next call.
            if taken.count < records.count { #expect(sink.dispatch() == PCAP_ERROR_BREAK) }
            #expect(sink.bytes.isEmpty)
        }
        #expect(taken == records)
        #expect(sink.packets == UInt64(count))
        #expect(sink.truncated == 0)
    }
}

/// A sink that is filled from a file.
@safe private final class Sink {
    private let source: SavedPackets
    private let sink: TestSink

    init(snaplen: Int, _ records: [UInt8]) throws {
        source = try SavedPackets(snaplen: snaplen, records)
        unsafe sink = try TestSink(snaplen: snaplen, handle: source.handle)
    }

    func dispatch() -> Int32 {
        unsafe source.dispatch(into: sink.pointer)
    }

    var bytes: [UInt8] { sink.bytes }
    var packets: UInt64 { sink.packets }
    var truncated: UInt64 { sink.truncated }

    func empty() {
        sink.empty()
    }
}
