import Foundation
import SystemPackage
import Testing

@testable import Client

@Suite("An output on a pipe")
struct PipeOutputTests: CaptureFileSuite {
    let folder = try! TemporaryFolder()

    @Test
    func `whose reader has gone says so`() throws {
        signal(SIGPIPE, SIG_IGN)
        let (reading, writing) = try FileDescriptor.pipe()
        try reading.close()
        // A child that another test is making may hold it for a moment.
        var entry = pollfd(fd: writing.rawValue, events: 0, revents: 0)
        unsafe poll(&entry, 1, 30_000)
        var file = try CaptureFile(
            to: Destination(pipe: writing, name: "pipe"), .pcap, .none, application: "", commandLine: "")
        try file.add(StreamID(number: 0), description())
        #expect(throws: OutputError.readerGone) { try file.begin(StreamID(number: 0)) }
        try file.finish(at: 0, isFailed: true)
    }

    @Test
    func `on a live pipe shows its section at once, and its packets when flushed`() throws {
        let (reading, writing) = try FileDescriptor.pipe()
        var file = try CaptureFile(
            to: Destination(pipe: writing, name: "pipe"), .pcapng, .none, application: "", commandLine: "")
        func available() throws -> [UInt8] {
            try unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
                count = try unsafe reading.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
        #expect(blocks(try available()).map(\.type) == [0x0A0D_0D0A])
        try file.add(StreamID(number: 0), description())
        #expect(blocks(try available()).map(\.type) == [1])
        try write(records, to: &file)
        try file.flush()
        #expect(blocks(try available()).map(\.type) == [6, 6, 6])
        try file.finish(at: 0, isFailed: false)
        #expect(blocks(try available()).map(\.type) == [5])
    }
}
