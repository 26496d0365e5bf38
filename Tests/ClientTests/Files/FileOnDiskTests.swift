import Foundation
import SystemPackage
import Testing

@testable import Client

@Suite("A file on disk")
struct FileOnDiskTests: CaptureFileSuite {
    let folder = try! TemporaryFolder()

    @Test
    func `that somebody else cuts is not called saved, though more is written behind`() throws {
        var file = try file(options("x.pcap"))
        try file.add(StreamID(number: 0), description())
        try write(records, to: &file)
        try file.flush()
        _ = try output(of: "cd \(folder.path) && truncate -s 0 x.pcap")
        try write(records, to: &file)
        #expect(throws: OutputError.self) { try file.finish(at: 0, isFailed: false) }
    }

    @Test(arguments: ["rm x.pcap", "mv x.pcap y; echo other > x.pcap", "truncate -s 30 x.pcap", "echo more >> x.pcap"])
    func `that somebody else changes is not called saved`(command: String) throws {
        var file = try file(options("x.pcap"))
        try file.add(StreamID(number: 0), description())
        try write(records, to: &file)
        try file.flush()
        _ = try output(of: "cd \(folder.path) && \(command)")
        #expect(throws: OutputError.lost("\(folder.path)/x.pcap")) { try file.finish(at: 0, isFailed: false) }
    }

    @Test
    func `is not overwritten unless that is asked for, and then not before there is something to write`() throws {
        try Data("old".utf8).write(to: URL(filePath: "\(folder.path)/x.pcap"))
        #expect(throws: OutputError.exists("\(folder.path)/x.pcap")) { try file(options("x.pcap")) }
        var unused = try file(options("x.pcap", force: true))
        try unused.finish(at: 0, isFailed: false)
        #expect(try bytes("x.pcap") == Array("old".utf8))
        var used = try file(options("x.pcap", force: true))
        try used.add(StreamID(number: 0), description())
        try used.finish(at: 0, isFailed: false)
        #expect(try bytes("x.pcap").count == 24)
    }

    @Test
    func `that is forced on another's name is a new file`() throws {
        try folder.add("x.pcap", "old")
        let old = try FileDescriptor.open(FilePath("\(folder.path)/x.pcap"), .readOnly)
        var file = try file(options("x.pcap", force: true))
        try file.add(StreamID(number: 0), description())
        try write(records, to: &file)
        try file.finish(at: 0, isFailed: false)
        #expect(read(try bytes("x.pcap")) == records)
        #expect(try old.stat().size == 3)
        #expect(try folder.names == ["x.pcap"])
        try old.close()
    }

    @Test(arguments: [CaptureOptions.Format.pcap, .pcapng])
    func `without a stream is removed`(format: CaptureOptions.Format) throws {
        var file = try file(options("x", format))
        #expect(exists("x"))
        try file.finish(at: 0, isFailed: false)
        #expect(!exists("x") && !file.hasBegun)
    }

    @Test
    func `without a stream is left where somebody else has written to it, or taken its name`() throws {
        var file = try file(options("x"))
        try folder.add("x", "another's")
        try file.finish(at: 0, isFailed: false)
        #expect(try bytes("x") == Array("another's".utf8))
    }

    @Test
    func `cannot be where there is no folder, or be one`() throws {
        #expect(throws: OutputError.failed(path: "\(folder.path)/no/x.pcap", .noSuchFileOrDirectory)) {
            try file(options("no/x.pcap"))
        }
        try folder.add("sub/file", "")
        #expect(throws: OutputError.failed(path: "\(folder.path)/sub", .isDirectory)) { try file(options("sub")) }
    }
}
