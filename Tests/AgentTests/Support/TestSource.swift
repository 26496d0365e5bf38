import CLinux

@testable import Agent

/// A source of packets with a list of results, one for each read.
final class TestSource: PacketSource {
    /// The result of a read.
    enum Read {
        /// Adds packets, and leaves some in the ring if `isLast` is false.
        case packets([Packet], isLast: Bool = true)
        case failure(Failure)
    }

    private var reads: ArraySlice<Read>
    private let ring: TestPipe
    var name: ByteString = "test0"
    var isInterfaceDown = false
    let snaplen = 65_535
    var counts: (received: UInt64, dropped: UInt64) = (0, 0)

    /// Creates a source whose ring is empty after the last result.
    ///
    /// If reads are announced, the descriptor is readable while results are left.
    init(_ reads: [Read], isAnnounced: Bool = true) throws(SystemError) {
        self.reads = reads[...]
        ring = try TestPipe(flags: O_NONBLOCK)
        if isAnnounced { _ = ring.write(reads.count) }
    }

    var descriptor: Int32 { ring.readEnd }

    func fileHeader() -> [UInt8] { Packet.fileHeader(snaplen: snaplen) }

    func statistics() -> (received: UInt64, dropped: UInt64) { counts }

    func read(into queue: inout RecordQueue) throws(Failure) -> Bool {
        switch reads.popFirst() {
        case nil: return true
        case .failure(let failure):
            _ = ring.read(1)
            throw failure
        case .packets(let packets, let isLast):
            _ = ring.read(1)
            for packet in packets { queue.add(packet) }
            return isLast
        }
    }
}
