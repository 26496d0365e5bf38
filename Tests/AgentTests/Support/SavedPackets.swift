import CLinux
import CPcap

@testable import Agent

/// Packets in a pcap file that libpcap has open, to be handed to the sink as those of the ring are.
@safe final class SavedPackets {
    let handle: OpaquePointer
    /// The whole file.
    let file: [UInt8]
    let snaplen: Int

    struct Unreadable: Error {}

    init(snaplen: Int, _ records: [UInt8]) throws {
        file = Self.fileHeader(snaplen: snaplen) + records
        self.snaplen = snaplen
        let temporary = try TemporaryFile(file)
        let path = "/proc/self/fd/\(temporary.descriptor)"
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let opened = unsafe message.withUnsafeMutableBufferPointer { message in
            unsafe pcap_open_offline(path, message.baseAddress)
        }
        guard let opened = unsafe opened else { throw Unreadable() }
        unsafe handle = opened
    }

    deinit {
        unsafe pcap_close(handle)
    }

    /// Version 2.4, Ethernet.
    static func fileHeader(snaplen: Int) -> [UInt8] {
        bytes(of: [0xA1B2_C3D4, 4 << 16 | 2, 0, 0, UInt32(snaplen), 1])
    }

    static func record(_ packet: [UInt8], length: Int, seconds: UInt32 = 0, microseconds: UInt32 = 0) -> [UInt8] {
        bytes(of: [seconds, microseconds, UInt32(packet.count), UInt32(length)]) + packet
    }

    /// Records of packets of those sizes, all different.
    static func records(sizes: some Sequence<Int>) -> [UInt8] {
        var records: [UInt8] = []
        for (number, size) in sizes.enumerated() {
            let packet = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
            records += record(packet, length: size, seconds: UInt32(number))
        }
        return records
    }

    private static func bytes(of words: [UInt32]) -> [UInt8] {
        words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word.littleEndian >> (8 * $0)) } }
    }

    /// The packets of the file, as a ring has them.
    var packets: [RingMemory.Packet] {
        var packets: [RingMemory.Packet] = []
        var rest = file.dropFirst(24)
        func word(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(rest[rest.startIndex + 4 * index + $1]) << (8 * $1) }
        }
        while !rest.isEmpty {
            let size = Int(word(2))
            packets.append(
                RingMemory.Packet(
                    bytes: Array(rest.dropFirst(16).prefix(size)), length: Int(word(3)), seconds: word(0),
                    nanoseconds: word(1) * 1000))
            rest = rest.dropFirst(16 + size)
        }
        return packets
    }

    /// Hands packets over until the sink stops it or there are none left; what pcap_dispatch(3PCAP) returned.
    func dispatch(into sink: UnsafeMutablePointer<RecordSink>) -> Int32 {
        let user = unsafe UnsafeMutableRawPointer(sink).assumingMemoryBound(to: UInt8.self)
        return unsafe pcap_dispatch(handle, -1, RecordSink.add, user)
    }
}
