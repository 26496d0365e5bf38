/// A source of packets, as the loop sees it: a capture, or values of a test.
protocol PacketSource: ~Copyable {
    /// The interface's name.
    var name: ByteString { get }

    /// The descriptor that is readable while the ring holds packets, and that reports errors of the interface.
    var descriptor: Int32 { get }

    /// Whether the interface is down. The ring must then be read from time to time, because that tells whether the
    /// interface still exists.
    var isInterfaceDown: Bool { get }

    /// The number of bytes to keep of each packet.
    var snaplen: Int { get }

    /// Returns the header of a file of these packets. Throws if its bytes cannot be found.
    func fileHeader() throws(Failure) -> [UInt8]

    /// Adds packets from the ring to `queue` until the ring is empty, the queue is full, or the packets suffice for one
    /// write. The queue must have free space. Returns whether the ring is empty. Throws if the interface fails; later calls
    /// may still return packets.
    func read(into queue: inout RecordQueue) throws(Failure) -> Bool

    /// Returns the numbers of packets since the start: those that matched the filter, and those of them for which the ring
    /// had no space.
    mutating func statistics() -> (received: UInt64, dropped: UInt64)
}
