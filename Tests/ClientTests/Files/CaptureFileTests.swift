import Foundation
import SystemPackage
import Testing

@testable import Client

@Suite("A capture file")
struct CaptureFileTests: CaptureFileSuite {
    let folder = try! TemporaryFolder()

    @Test(arguments: [false, true])
    func `is pcap that gives back what was written`(isNanoseconds: Bool) throws {
        var file = try file(options("x.pcap"))
        try file.add(StreamID(number: 0), description(isNanoseconds: isNanoseconds))
        try write(records, to: &file)
        try file.finish(at: 0, isFailed: false)
        #expect(read(try bytes("x.pcap")) == records)
        #expect(file.packets == 3)
    }

    @Test(arguments: [CaptureOptions.Format.pcap, .pcapng])
    func `keeps time stamps past 2106 if the format can, else has its last moment`(format: CaptureOptions.Format) throws
    {
        let end = UInt64(UInt32.max) * 1_000_000_000
        let late = [Record(end, [1]), Record(end + 4_000_000_000_000, [2]), Record(end + 999_999_000, [3])]
        var file = try file(options("x", format))
        try file.add(StreamID(number: 0), description())
        try write(late, to: &file)
        try file.finish(at: 0, isFailed: false)
        if format == .pcap {
            #expect(read(try bytes("x")).map(\.time) == [end, end + 999_999_000, end + 999_999_000])
        } else {
            let times = blocks(try bytes("x")).filter { $0.type == 6 }.map { block in
                UInt64(block.body[...].integer(at: 4)) << 32 | UInt64(block.body[...].integer(at: 8))
            }
            #expect(times == late.map { $0.time / 1000 })
        }
    }

    @Test
    func `of pcap has no packet that is shorter than what was kept of it`() throws {
        let odd: [UInt8] = UInt64(5_000).bytes + UInt32(4).bytes + UInt32(1).bytes + [1, 2, 3, 4]
        var file = try file(options("x", .pcap))
        try file.add(StreamID(number: 0), description())
        try file.begin(StreamID(number: 0))
        let taken = try unsafe odd.withUnsafeBytes { try unsafe file.write($0, of: StreamID(number: 0)) }
        try file.finish(at: 0, isFailed: false)
        #expect(taken == odd.count)
        #expect(Array(try bytes("x")[(24 + 8)..<(24 + 16)]) == UInt32(4).bytes + UInt32(4).bytes)
    }

    @Test
    func `of pcap has one link type`() throws {
        var file = try file(options("x.pcap"))
        try file.add(StreamID(number: 0), description())
        try file.add(StreamID(number: 1), description("web/1 eth0"))
        try file.add(StreamID(number: 2), description("web/2 any", linkType: 276))
        try write(records, to: &file, of: 1)
        #expect(throws: OutputError.linkType(expected: 1, found: 276)) { try file.begin(StreamID(number: 2)) }
        try write(records, to: &file, of: 2)
        try file.finish(at: 0, isFailed: false)
        #expect(read(try bytes("x.pcap")) == records, "a stream that does not fit is left out")
        #expect(OutputError.linkType(expected: 1, found: 276).description.contains(".pcapng"))
    }

    @Test
    func `of pcap has the link type of the first packet, not of the first stream`() throws {
        var file = try file(options("x.pcap"))
        try file.add(StreamID(number: 0), description("web/0 any", linkType: 276))
        try file.add(StreamID(number: 1), description())
        try file.begin(StreamID(number: 1))
        try write(records, to: &file, of: 1)
        try file.finish(at: 0, isFailed: false)
        #expect(PcapHeader(try bytes("x.pcap"))?.linkType == 1)
        #expect(read(try bytes("x.pcap")) == records)
    }

    @Test
    func `of pcapng has one snaplen, and texts that command no terminal`() throws {
        var file = try file(options("x.pcapng", .pcapng))
        for (number, snaplen) in [UInt32(65535), 262_144, 96].enumerated() {
            let stream = StreamDescription(
                name: "web/\(number) \u{1B}[2J", description: String(repeating: "x", count: 20_000), filter: nil,
                linkType: 1,
                frameCheckBits: number == 2 ? 32 : nil, isNanoseconds: false, snaplen: snaplen)
            try file.add(StreamID(number: number), stream)
        }
        try file.finish(at: 0, isFailed: false)
        let interfaces = blocks(try bytes("x.pcapng")).filter { $0.type == 1 }.map(\.body)
        #expect(Set(interfaces.map { $0[...].integer(at: 4) }) == [262_144])
        let options = interfaces.map { blockOptions($0, after: 8) }
        #expect(options.allSatisfy { $0[2]?.contains(0x1B) == false && ($0[3]?.count ?? 0) <= 503 })
        #expect(options.map { $0[13] } == [nil, nil, [32]])
    }

    @Test
    func `is pcapng that tells who sent what`() throws {
        var file = try file(options("x.pcapng", .pcapng))
        try file.add(StreamID(number: 0), description(filter: "port 80"))
        try file.add(StreamID(number: 1), description("web/1 any", linkType: 276, isNanoseconds: true))
        try write(records, to: &file, of: 0)
        try write([Record(1_700_000_000_000_000_001, [7])], to: &file, of: 1)
        file.end(StreamID(number: 0), StreamStatistics(start: 1000, end: 3000, received: 5, dropped: 2))
        try file.finish(at: 4000, isFailed: false)
        let blocks = blocks(try bytes("x.pcapng"))
        #expect(blocks.map(\.type) == [0x0A0D_0D0A, 1, 1, 6, 6, 6, 6, 5, 5])
        let section = blockOptions(blocks[0].body, after: 16)
        #expect(section == [4: Array("client 1".utf8), 1: Array("cf pcap demo".utf8)])
        let first = blockOptions(blocks[1].body, after: 8)
        #expect(first[2] == Array("web/0 eth0".utf8) && first[9] == [6] && first[11] == [0] + Array("port 80".utf8))
        let second = blockOptions(blocks[2].body, after: 8)
        #expect(second[2] == Array("web/1 any".utf8) && second[9] == [9] && second[11] == nil)
        let packets = blocks[3...6].map { $0.body[...] }
        #expect(packets.map { $0.integer(at: 0) } == [0, 0, 0, 1])
        let times = packets.map { UInt64($0.integer(at: 4)) << 32 | UInt64($0.integer(at: 8)) }
        #expect(times == [1_700_000_000_123_456, 1_700_000_000_123_457, 5, 1_700_000_000_000_000_001])
        #expect(packets.map { $0.integer(at: 12) } == [3, 0, 5, 1])
        #expect(packets.map { $0.integer(at: 16) } == [3, 60, 5, 1])
        #expect(
            packets.map { Array($0.dropFirst(20)) } == [[1, 2, 3, 0], [], [9, 9, 9, 9, 9, 0, 0, 0], [7, 0, 0, 0]])
        let known = blockOptions(blocks[7].body, after: 12)
        #expect(
            known[4]?[...].integer(at: 0) == 5 && known[5]?[...].integer(at: 0) == 2
                && known[8]?[...].integer(at: 0) == 3)
        #expect(known[2] == [0, 0, 0, 0, 1, 0, 0, 0] && known[3] == [0, 0, 0, 0, 3, 0, 0, 0])
        let unknown = blockOptions(blocks[8].body, after: 12)
        #expect(Set(unknown.keys) == [8], "what is not known is left out")
    }

    @Test
    func `has an interface of its own for each session of an instance`() throws {
        var file = try file(options("x.pcapng", .pcapng))
        for number in 0..<3 { try file.add(StreamID(number: number), description()) }
        for number in 0..<3 {
            try write(records, to: &file, of: number)
            file.end(StreamID(number: number), StreamStatistics(received: 3, dropped: number == 1 ? nil : 1))
        }
        try file.finish(at: 0, isFailed: false)
        let blocks = blocks(try bytes("x.pcapng"))
        #expect(blocks.filter { $0.type == 1 }.count == 3)
        let known = blocks.filter { $0.type == 5 }.map { blockOptions($0.body, after: 12) }
        #expect(known.map { $0[4]?[...].integer(at: 0) } == [3, 3, 3])
        #expect(known.map { $0[5]?[...].integer(at: 0) } == [1, nil, 1])
    }

    @Test
    func `of pcapng names app and addresses, and says how a stream ended`() throws {
        var file = try file(options("x.pcapng", .pcapng))
        file.identify("app demo, space s: cf pcap demo")
        var stream = description()
        stream.addressName = AddressName("10.255.0.7", name: "web-0.ä b\u{1B}")
        try file.add(StreamID(number: 0), stream)
        file.identify("too late")
        stream.addressName = AddressName("fd00::7", name: "web-1.demo")
        try file.add(StreamID(number: 1), stream)
        try write(records, to: &file, of: 0)
        file.end(StreamID(number: 0), StreamStatistics(comment: "it crashed\u{1B}"))
        try file.finish(at: 0, isFailed: false)
        let blocks = blocks(try bytes("x.pcapng"))
        #expect(blocks.map(\.type) == [0x0A0D_0D0A, 1, 4, 1, 4, 6, 6, 6, 5, 5])
        #expect(blockOptions(blocks[0].body, after: 16)[1] == Array("app demo, space s: cf pcap demo".utf8))
        #expect(blocks[2].body == [1, 0, 15, 0, 10, 255, 0, 7] + Array("web-0.--b-".utf8) + [0, 0, 0, 0, 0, 0])
        #expect(blocks[4].body[0..<4] == [2, 0, 27, 0] && blocks[4].body[4] == 0xFD)
        #expect(blockOptions(blocks[8].body, after: 12)[1] == Array("it crashed\\u{1b}".utf8))
        #expect(blockOptions(blocks[9].body, after: 12)[1] == nil)
    }

    @Test(arguments: ["", "10.1", "10.0.0.256", "web", "10.0.0.1/8", "::1::2"])
    func `names no address that is none`(text: String) {
        #expect(AddressName(text, name: "x") == nil)
    }

    @Test(arguments: [CaptureOptions.Format.pcap, .pcapng])
    func `may be of any size`(format: CaptureOptions.Format) throws {
        var file = try file(options("x", format))
        try file.add(StreamID(number: 0), description())
        let longest = Record(1000, [UInt8](repeating: 1, count: Int(RecordHeader.longestPacket)))
        let many = (0..<30_000).map { Record(UInt64($0) * 1000, [UInt8](repeating: 3, count: $0 % 200)) }
        try write([Record](repeating: longest, count: 9) + many, to: &file)
        try file.finish(at: 0, isFailed: false)
        if format == .pcap {
            let isSame = try read(bytes("x")) == [Record](repeating: longest, count: 9) + many
            #expect(isSame)
        } else {
            #expect(blocks(try bytes("x")).filter { $0.type == 6 }.count == 30_009)
        }
    }

    private func wholeLength(_ bytes: [UInt8], _ limit: Int, _ measure: (UnsafeRawBufferPointer, Int) -> Int) -> Int {
        unsafe bytes.withUnsafeBytes { unsafe measure($0, limit) }
    }

    @Test(arguments: 0...80)
    func `keeps whole records of what a full disk took`(limit: Int) {
        var encoder = PcapngEncoder()
        _ = encoder.add(description())
        var room = [UInt8](repeating: 0, count: 200)
        let batch = RecordBatch(records)
        let lengths = [36, 32, 40]
        unsafe room.withUnsafeMutableBytes { room in
            let done = unsafe encoder.encode(batch.bytes, interface: 0, into: room)
            #expect(done.records == 3 && done.written == lengths.reduce(0, +))
        }
        let whole = (0...3).map { lengths.prefix($0).reduce(0, +) }
        #expect(unsafe wholeLength(room, limit, PcapngEncoder.wholeLength) == whole.last { $0 <= limit })
        let pcap = PcapBytes()
        let bytes = pcap.record(1) + pcap.record(2, []) + pcap.record(3, [1])
        let ends = [0, 20, 36, 53]
        #expect(unsafe wholeLength(bytes, min(limit, 53), PcapEncoder.wholeLength) == ends.last { $0 <= limit })
    }
}
