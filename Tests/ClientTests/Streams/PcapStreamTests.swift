import Testing

@testable import Client

@Suite("A session's standard output")
struct PcapStreamTests {
    /// What comes of a stream that is read in pieces of that many bytes.
    private func read(_ bytes: [UInt8], piece: Int = .max, isAskedFor: Bool = false) -> (
        records: [Record], stream: PcapStream
    ) {
        let piece = min(piece, 65536)
        var stream = PcapStream()
        var records: [Record] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let batch = stream.append(Array(rest.prefix(piece)))
            records += batch?.records ?? []
            rest = rest.dropFirst(piece)
        }
        records += stream.finish(isOrderly: isAskedFor)?.records ?? []
        return (records, stream)
    }

    private func text(_ stream: PcapStream) -> String { String(decoding: stream.remarks, as: UTF8.self) }

    @Test(arguments: [false, true], [false, true])
    func `is read in both byte orders and both resolutions, in pieces of any size`(
        isSwapped: Bool, isNanoseconds: Bool
    ) {
        let pcap = PcapBytes(isSwapped: isSwapped, isNanoseconds: isNanoseconds)
        let unit: UInt64 = isNanoseconds ? 1 : 1000
        let bytes =
            pcap.header + pcap.record(1_700_000_000_123_456) + pcap.record(1_700_000_000_123_457, [], original: 9)
            + pcap.record(5, [7])
        for piece in [1, 2, 3, 7, 16, 23, 24, 25, 41, .max] {
            let (records, stream) = read(bytes, piece: piece)
            #expect(
                records == [
                    Record(1_700_000_000_123_456 * unit, [1, 2, 3, 4]),
                    Record(1_700_000_000_123_457 * unit, [], original: 9), Record(5 * unit, [7]),
                ])
            #expect(stream.problem == nil && !stream.isCut && stream.remarks.isEmpty)
            #expect(stream.header?.isNanoseconds == isNanoseconds)
            #expect(stream.header?.snaplen == 65535 && stream.header?.linkType == 1)
        }
    }

    @Test
    func `that was asked to end gives a last packet that ends like a notice`() {
        let pcap = PcapBytes()
        let last = pcap.record(2, [1, 2] + Array("FAILED\n".utf8))
        for first in [[], pcap.record(1)] {
            let (records, stream) = read(pcap.header + first + last, piece: 7, isAskedFor: true)
            #expect(records.last == Record(2000, [1, 2] + Array("FAILED\n".utf8)))
            #expect(!stream.isCut && stream.remarks.isEmpty)
            #expect(read(pcap.header + first + last.dropLast(), isAskedFor: true).stream.isCut)
        }
    }

    @Test
    func `holds no more than a record, whatever looks like notices stands in it`() {
        let pcap = PcapBytes()
        let notice = Array("FAILED\n".utf8)
        var stream = PcapStream()
        _ = stream.append(pcap.header + pcap.record(1, [UInt8](repeating: 0, count: 60_000)).prefix(16))
        var records = 0
        for _ in 0..<60_000 / notice.count + 10 { records += stream.append(notice)?.count ?? 0 }
        #expect(records == 1)
    }

    @Test
    func `gives each record as soon as it is whole`() {
        let pcap = PcapBytes()
        var stream = PcapStream()
        let record = pcap.record(1)
        #expect(stream.append(pcap.header) == nil)
        #expect(stream.header != nil)
        #expect(stream.append(record.dropLast()) == nil)
        #expect(stream.append([record[record.count - 1]])?.records == [Record(1000, [1, 2, 3, 4])])
    }

    @Test
    func `cut at any byte gives all whole records`() {
        let pcap = PcapBytes()
        // No byte of it is text, and none of it makes a number that is.
        let records = (1...3).map { pcap.record($0, [UInt8](repeating: 0xFF, count: Int($0))) }
        let bytes = pcap.header + records.joined()
        for length in 24...bytes.count {
            let whole = (0...3).last { 24 + records.prefix($0).joined().count <= length }!
            for piece in [1, .max] {
                let (found, stream) = read(Array(bytes.prefix(length)), piece: piece)
                #expect(found.count == whole)
                #expect(stream.isCut == (24 + records.prefix(whole).joined().count < length))
            }
        }
    }

    @Test(arguments: [
        "FAILED\n", "Process terminated by signal: KILL. Exited with 137\n",
        "Process terminated by signal: KILL. Exited with 137\nFAILED\n",
    ])
    func `cut at any byte with a notice behind it gives all whole records, and the notice`(notice: String) {
        let pcap = PcapBytes()
        let records = (1...3).map { pcap.record($0, [UInt8](repeating: 0xFF, count: 12)) }
        let bytes = pcap.header + records.joined()
        for length in 24...bytes.count {
            let (found, stream) = read(bytes.prefix(length) + Array(notice.utf8))
            #expect(found.count == (length - 24) / 28)
            #expect(text(stream) == notice)
            #expect(stream.problem == nil)
        }
    }

    @Test
    func `a packet that ends like a notice is given with the next one`() {
        let pcap = PcapBytes()
        let packet = Array("FAILED\n".utf8)
        var stream = PcapStream()
        #expect(stream.append(pcap.header + pcap.record(1, packet)) == nil)
        let next = stream.append(pcap.record(2))
        #expect(next?.records == [Record(1000, packet), Record(2000, [1, 2, 3, 4])])
    }

    @Test(arguments: [
        "FAILED\n", "", "NAME:\n   ssh - SSH to an application container instance\n", "bash: no such file\n",
        "Process terminated by signal: KILL. Exited with 137\n", "no newline",
    ])
    func `what is not pcap is kept for a person to read`(output: String) {
        for piece in [1, 5, .max] {
            let (records, stream) = read(Array(output.utf8), piece: piece)
            #expect(records.isEmpty)
            #expect(stream.problem == .notPcap && stream.header == nil)
            #expect(text(stream) == output)
        }
    }

    @Test
    func `a banner before the capture is told from it`() {
        let pcap = PcapBytes()
        let banner = "Welcome!\n\u{1B}[1mAll is logged.\u{1B}[0m\n"
        for piece in [1, 10, .max] {
            let (records, stream) = read(Array(banner.utf8) + pcap.header + pcap.record(1), piece: piece)
            #expect(records == [Record(1000, [1, 2, 3, 4])])
            #expect(text(stream) == banner)
            #expect(stream.problem == nil)
        }
    }

    @Test
    func `text among the packets is a problem at once, and is told`() {
        let pcap = PcapBytes()
        let trace = "REQUEST: [2026-11-21T12:00:00Z]\nGET /v3/info HTTP/1.1\n"
        for piece in [1, 10, .max] {
            var stream = PcapStream()
            var rest = (pcap.header + pcap.record(1) + Array(trace.utf8))[...]
            var count = 0
            while !rest.isEmpty {
                count += stream.append(Array(rest.prefix(piece)))?.count ?? 0
                rest = rest.dropFirst(piece)
            }
            #expect(count == 1)
            guard case .text(let text)? = stream.problem else {
                Issue.record("no problem: \(stream)")
                continue
            }
            #expect(text.hasPrefix("REQUEST: [2026"))
        }
    }

    @Test(arguments: [5, 20, 40])
    func `a notice that comes in pieces is not text among packets`(piece: Int) {
        let notice = "Process terminated by signal: KILL. Exited with 137\nFAILED\n"
        let pcap = PcapBytes()
        let (records, stream) = read(pcap.header + pcap.record(1) + Array(notice.utf8), piece: piece)
        #expect(records.count == 1 && stream.problem == nil && text(stream) == notice)
    }

    @Test
    func `a last packet that ends like a notice is given when nothing follows`() {
        let pcap = PcapBytes()
        let packet = Array("FAILED\n".utf8)
        var stream = PcapStream()
        #expect(stream.append(pcap.header + pcap.record(1, packet)) == nil && stream.isHoldingBack)
        #expect(stream.release()?.records == [Record(1000, packet)] && !stream.isHoldingBack)
        #expect(stream.append(pcap.record(2))?.records == [Record(2000, [1, 2, 3, 4])])
    }

    @Test
    func `of a link type that no agent sends is refused`() {
        for type in [147, 144, 197, 139, 123, 2] as [UInt32] {
            let pcap = PcapBytes(linkType: type)
            let (records, stream) = read(pcap.header + pcap.record(1))
            #expect(records.isEmpty && stream.header == nil && stream.problem == .linkType(UInt16(type)))
        }
        for type in [0, 1, 12, 14, 101, 108, 113, 276, 1 | 1 << 26 | 2 << 28] as [UInt32] {
            let pcap = PcapBytes(linkType: type)
            let (records, stream) = read(pcap.header + pcap.record(1))
            #expect(records.count == 1 && stream.problem == nil)
            #expect(stream.header?.frameCheckBits == (type > 0xFFFF ? 32 : nil))
        }
    }

    @Test
    func `a record longer than any packet is none, and what came before it counts`() {
        let pcap = PcapBytes(snaplen: 0)
        let longest = [UInt8](repeating: 0, count: Int(RecordHeader.longestPacket))
        let tooLong = pcap.number(1) + pcap.number(0) + pcap.number(262_145) + pcap.number(262_145)
        for piece in [1000, .max] {
            let (records, stream) = read(pcap.header + pcap.record(1, longest) + tooLong + longest, piece: piece)
            #expect(records.map(\.packet.count) == [262_144])
            #expect(stream.problem == .notARecord)
        }
    }

    @Test
    func `a record longer than the stream's snaplen is none, and one longer than its packet is tolerated`() {
        let pcap = PcapBytes(snaplen: 10)
        let packet = [UInt8](repeating: 0, count: 10)
        let (records, stream) = read(pcap.header + pcap.record(1, packet) + pcap.record(2, packet + [0]))
        #expect(records.count == 1 && stream.problem == .notARecord)
        let (others, other) = read(pcap.header + pcap.record(1, packet, original: 9))
        #expect(others == [Record(1000, packet, original: 9)] && other.problem == nil)
    }

    @Test
    func `a gigabyte that is not pcap takes no memory`() {
        var stream = PcapStream()
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
        for _ in 0..<16_384 where stream.problem == nil {
            #expect(stream.append(piece) == nil)
        }
        #expect(stream.problem == .notPcap)
        #expect(stream.remarks.count == PcapStream.remarksLimit)
    }

    @Test
    func `any bytes are read without harm, and alike in pieces of any size`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let pcap = PcapBytes(isSwapped: .random(), isNanoseconds: .random())
            var bytes = pcap.header + (0..<3).flatMap { pcap.record($0, [UInt8](repeating: UInt8($0), count: 40)) }
            for _ in 0..<Int.random(in: 0...4) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            let whole = read(bytes)
            let parts = read(bytes, piece: .random(in: 1...50, using: &random))
            #expect(whole.records == parts.records, "\(bytes)")
            #expect(whole.stream.problem == parts.stream.problem, "\(bytes)")
        }
    }
}
