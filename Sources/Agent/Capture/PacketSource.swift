/// A source of packets for the loop: a capture, or a list of packets in a test.
protocol PacketSource: ~Copyable {
    /// The interface's name.
    var name: ByteString { get }

    /// The descriptor that is readable while the ring has packets or the interface has an error.
    var descriptor: Int32 { get }

    /// Whether the interface is down. The loop must then read from time to time to learn whether the interface exists.
    var isInterfaceDown: Bool { get }

    /// The number of bytes to keep of each packet.
    var snaplen: Int { get }

    /// Returns the header of a capture file, 24 bytes.
    ///
    /// - Throws: The reason, if the header cannot be made.
    func fileHeader() throws(Failure) -> [UInt8]

    /// Adds a batch of packets from the ring to a queue: at most 256 kB (64 kB if the queue is empty) and one record.
    ///
    /// - Parameter queue: The queue, which must have free space.
    /// - Returns: Whether the ring is empty.
    /// - Throws: The reason, if the interface fails. Later calls may still add packets.
    func read(into queue: inout RecordQueue) throws(Failure) -> Bool

    /// Returns the numbers of packets since the start: `received` matched the filter, and `dropped` of them found the
    /// ring full.
    mutating func statistics() -> (received: UInt64, dropped: UInt64)
}
