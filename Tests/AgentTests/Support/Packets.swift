import CLinux

@testable import Agent

/// A packet with its length and time.
struct Packet {
    var bytes: [UInt8]
    /// The length on the wire; nil if it is the number of bytes.
    var length: Int?
    var seconds = 0
    var microseconds = 0

    /// Returns different packets of given sizes.
    static func numbered(sizes: some Sequence<Int>) -> [Packet] {
        sizes.enumerated().map { number, size in
            Packet(bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size), seconds: number)
        }
    }

    /// The record of the packet in a file (pcap-savefile(5)).
    var record: [UInt8] {
        Self.bytes(of: [seconds, microseconds, bytes.count, length ?? bytes.count]) + bytes
    }

    /// Returns the header of a file of Ethernet packets (pcap-savefile(5)).
    static func fileHeader(snaplen: Int) -> [UInt8] {
        bytes(of: [0xA1B2_C3D4, 4 << 16 | 2, 0, 0, snaplen, 1])
    }

    private static func bytes(of words: [Int]) -> [UInt8] {
        words.flatMap { word in
            let word = UInt32(truncatingIfNeeded: word).littleEndian
            return (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
    }
}

extension RecordQueue {
    /// Adds a packet as libpcap does.
    mutating func add(_ packet: Packet) {
        let length = UInt32(packet.length ?? packet.bytes.count)
        unsafe packet.bytes.withUnsafeBytes { bytes in
            // An empty array may have no address. No byte is read then.
            let address = unsafe bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
            unsafe add(
                seconds: UInt32(truncatingIfNeeded: packet.seconds),
                microseconds: UInt32(truncatingIfNeeded: packet.microseconds),
                captured: UInt32(bytes.count), length: length, address)
        }
    }
}
