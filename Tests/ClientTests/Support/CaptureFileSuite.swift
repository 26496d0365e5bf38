import Foundation
import Testing

@testable import Client

/// A suite that writes capture files into a folder of its own.
protocol CaptureFileSuite {
    var folder: TemporaryFolder { get }
}

extension CaptureFileSuite {
    func description(
        _ name: String = "web/0 eth0", linkType: UInt16 = 1, isNanoseconds: Bool = false, filter: String? = nil
    ) -> StreamDescription {
        StreamDescription(
            name: name, description: "app demo, instance g-0", filter: filter, linkType: linkType,
            isNanoseconds: isNanoseconds, snaplen: 65535)
    }

    func options(_ name: String?, _ format: CaptureOptions.Format = .pcap, force: Bool = false)
        -> CaptureOptions
    {
        var options = CaptureOptions(app: "demo")
        options.output = name.map { "\(folder.path)/\($0)" }
        options.requestedFormat = OutputFormat(format: format, compression: .none)
        options.force = force
        return options
    }

    func file(
        _ options: CaptureOptions, _ compression: CaptureOptions.Compression = .none
    ) throws -> CaptureFile {
        try CaptureFile(
            to: Destination.open(options), options.outputFormat.format, compression, application: "client 1",
            commandLine: "cf pcap demo")
    }

    func write(_ records: [Record], to file: inout CaptureFile, of stream: Int = 0) throws {
        let batch = RecordBatch(records)
        #expect(try unsafe file.write(batch.bytes, of: StreamID(number: stream)) == batch.length)
    }

    func bytes(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")))
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder.path)/\(name)") }

    /// Returns the records that a reader of pcap finds in bytes.
    func read(_ bytes: [UInt8]) -> [Record] {
        var stream = PcapStream()
        let pieces = stride(from: 0, to: bytes.count, by: 65536).map { Array(bytes[$0...].prefix(65536)) }
        let records = pieces.flatMap { stream.append($0)?.records ?? [] }
        _ = stream.finish(isOrderly: false)
        #expect(!stream.isCut && stream.problem == nil)
        return records
    }

    /// Blocks of a pcapng file: type and body.
    func blocks(_ bytes: [UInt8]) -> [(type: UInt32, body: [UInt8])] {
        var blocks: [(UInt32, [UInt8])] = []
        var rest = bytes[...]
        while rest.count >= 12 {
            let length = Int(rest.integer(at: 4))
            guard length >= 12, length % 4 == 0, length <= rest.count, Int(rest.integer(at: length - 4)) == length
            else { break }
            blocks.append((rest.integer(at: 0), Array(rest.prefix(length).dropFirst(8).dropLast(4))))
            rest = rest.dropFirst(length)
        }
        #expect(rest.isEmpty, "whole blocks only")
        return blocks
    }

    /// The options of a block whose fixed part has that length.
    func blockOptions(_ body: [UInt8], after fixed: Int) -> [UInt16: [UInt8]] {
        var options: [UInt16: [UInt8]] = [:]
        var rest = body.dropFirst(fixed)
        while rest.count >= 4 {
            let head = rest.integer(at: 0)
            let (code, length) = (UInt16(head & 0xFFFF), Int(head >> 16))
            if code == 0 { break }
            options[code] = Array(rest.dropFirst(4).prefix(length))
            rest = rest.dropFirst(4 + (length + 3) & ~3)
        }
        return options
    }

    /// The output of a shell's command.
    func output(of command: String) throws -> [UInt8] {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", command]
        let pipe = Pipe()
        shell.standardOutput = pipe
        try shell.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        shell.waitUntilExit()
        return [UInt8](data)
    }

    /// Records of several lengths, the last of which is of another time.
    var records: [Record] {
        [
            Record(1_700_000_000_123_456_000, [1, 2, 3]), Record(1_700_000_000_123_457_000, [], original: 60),
            Record(5000, [9, 9, 9, 9, 9]),
        ]
    }
}

extension ArraySlice<UInt8> {
    /// The number in this machine's byte order at an offset from the slice's start.
    func integer(at offset: Int) -> UInt32 {
        unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }
}

extension FixedWidthInteger {
    /// The bytes in this machine's order.
    var bytes: [UInt8] { unsafe withUnsafeBytes(of: self) { unsafe Array($0) } }
}
