import Foundation
import SystemPackage
import Testing

@testable import Client

@Suite("A compressed file")
struct CompressedFileTests: CaptureFileSuite {
    let folder = try! TemporaryFolder()

    @Test(arguments: [(CaptureOptions.Compression.gzip, "gz"), (.zstd, "zst")])
    func `is compressed into what Wireshark reads to its end`(compression: CaptureOptions.Compression, suffix: String)
        throws
    {
        let name = "x.pcap.\(suffix)"
        var file = try file(options(name), compression)
        try file.add(StreamID(number: 0), description())
        let records = (0..<30_000).map { Record(UInt64($0) * 1000, [UInt8](repeating: 3, count: 100)) }
        for start in stride(from: 0, to: records.count, by: 3000) {
            try write(Array(records[start..<start + 3000]), to: &file)
            try file.flush(at: .now + .seconds(2))
        }
        try file.finish(at: 0, isFailed: false)
        let path = "\(folder.path)/\(name)"
        let plain = try output(of: (compression == .gzip ? "gzip" : "zstd") + " -dc < \(path) || echo failed")
        let isSame = read(plain) == records
        #expect(isSame)
        let count = String(decoding: try output(of: "capinfos -Mc \(path) 2>&1"), as: UTF8.self)
        #expect(count.contains(" 30000\n"), "\(count)")
        #expect(try bytes(name).count < 500_000)
    }

    @Test(arguments: [(CaptureOptions.Compression.gzip, "gzip"), (.zstd, "zstd")])
    func `keeps compressed packets from the disk for two seconds at most`(
        compression: CaptureOptions.Compression, program: String
    ) throws {
        var file = try file(options("x.pcap"), compression)
        try file.add(StreamID(number: 0), description())
        try write(records, to: &file)
        try file.flush()
        try file.flush(at: .now + .seconds(2))
        // A killed client leaves the file in this state.
        let plain = try output(of: "\(program) -dc < \(folder.path)/x.pcap 2>/dev/null")
        #expect(read(plain) == records)
        try file.finish(at: 0, isFailed: false)
    }
}
