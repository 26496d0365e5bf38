@testable import Client

/// A packet that a test describes by its fields, and its bytes.
struct SamplePacket: Sendable, CustomStringConvertible {
    enum Transport: Sendable, Equatable {
        case tcp(flags: UInt8)
        case udp
        case icmp
        case arp
        case other(UInt8)
    }

    /// Addresses of one family: four bytes or sixteen.
    var source: [UInt8]
    var destination: [UInt8]
    var transport: Transport
    var sourcePort: UInt16 = 0
    var destinationPort: UInt16 = 0

    var isIPv6: Bool { source.count == 16 }

    var description: String { "\(transport) \(source):\(sourcePort) > \(destination):\(destinationPort)" }

    /// The frame on an interface of Ethernet.
    var ethernet: [UInt8] { [UInt8](repeating: 2, count: 12) + bigEndian(etherType) + network }

    /// The frame of `any` (LINKTYPE_LINUX_SLL2).
    var linuxCooked2: [UInt8] {
        bigEndian(etherType) + [0, 0, 0, 0, 0, 1, 0, 1, 0, 6] + [UInt8](repeating: 2, count: 8) + network
    }

    /// The packet alone (LINKTYPE_RAW); nil for ARP, which is not IP.
    var raw: [UInt8]? { transport == .arp ? nil : network }

    private var etherType: UInt16 {
        if transport == .arp { return 0x0806 }
        return isIPv6 ? 0x86DD : 0x0800
    }

    private var network: [UInt8] {
        if transport == .arp {
            return [0, 1, 8, 0, 6, 4, 0, 1] + [UInt8](repeating: 2, count: 6) + source + [UInt8](repeating: 0, count: 6)
                + destination
        }
        let payload = segment
        if isIPv6 {
            return [0x60, 0, 0, 0] + bigEndian(UInt16(payload.count)) + [number, 64] + source + destination + payload
        }
        return [0x45, 0] + bigEndian(UInt16(20 + payload.count)) + [0, 0, 0, 0, 64, number, 0, 0] + source + destination
            + payload
    }

    private var number: UInt8 {
        switch transport {
        case .tcp: 6
        case .udp: 17
        case .icmp: isIPv6 ? 58 : 1
        case .arp: 0
        case .other(let number): number
        }
    }

    private var segment: [UInt8] {
        let ports = bigEndian(sourcePort) + bigEndian(destinationPort)
        return switch transport {
        case .tcp(let flags): ports + [UInt8](repeating: 0, count: 8) + [0x50, flags] + [UInt8](repeating: 0, count: 6)
        case .udp: ports + [0, 8, 0, 0]
        case .icmp, .arp: [8, 0, 0, 0, 0, 0, 0, 0]
        // Bytes that look like ports and flags where no TCP header is.
        case .other: [UInt8](repeating: 0xFF, count: 40)
        }
    }

    private func bigEndian(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
}

extension SamplePacket {
    /// IPv4 and IPv6 between two hosts inside and one outside, all protocols, ports and flags that tests ask for.
    static let all: [SamplePacket] = {
        let hosts: [[[UInt8]]] = [
            [[10, 0, 0, 1], [10, 0, 1, 2], [192, 0, 2, 7]],
            [
                [0xFD, 0] + [UInt8](repeating: 0, count: 13) + [1],
                [0xFD, 0, 0, 1] + [UInt8](repeating: 0, count: 11) + [2],
                [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7],
            ],
        ]
        let transports: [Transport] =
            [0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x20, 0x40, 0x80, 0x00].map(Transport.tcp) + [
                .udp, .icmp, .other(47),
            ]
        var packets: [SamplePacket] = []
        for family in hosts {
            for (source, destination) in [(0, 1), (1, 2), (2, 0)] {
                for transport in transports {
                    for (sourcePort, destinationPort) in [
                        (40000, 80), (443, 40001), (53, 8005), (8000, 8010), (9, 8011),
                    ] {
                        packets.append(
                            SamplePacket(
                                source: family[source], destination: family[destination], transport: transport,
                                sourcePort: UInt16(sourcePort), destinationPort: UInt16(destinationPort)))
                    }
                }
            }
        }
        packets.append(SamplePacket(source: [10, 0, 0, 1], destination: [10, 0, 1, 2], transport: .arp))
        packets.append(SamplePacket(source: [192, 0, 2, 7], destination: [10, 0, 0, 9], transport: .arp))
        return packets
    }()
}
