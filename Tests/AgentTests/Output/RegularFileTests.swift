import CLinux
import Testing

@testable import Agent

@Suite("A file on standard output")
struct RegularFileTests {
    private let records = [UInt8]("RECORD1RECORD2".utf8)

    @Test
    func `is truncated to where the partial record began`() throws {
        let file = try TemporaryFile()
        let output = RegularFile(descriptor: file.descriptor, flags: O_RDWR)
        file.write(records)
        #expect(output.truncate(from: 7, to: 14))
        #expect(String(decoding: file.contents, as: UTF8.self) == "RECORD1")
        #expect(file.position == 7)
    }

    @Test
    func `may become empty`() throws {
        let file = try TemporaryFile()
        let output = RegularFile(descriptor: file.descriptor, flags: O_RDWR)
        file.write(records)
        #expect(output.truncate(from: 0, to: 14))
        #expect(file.contents.isEmpty)
    }

    @Test
    func `keeps its content from before the capture`() throws {
        let file = try TemporaryFile([UInt8]("before:".utf8))
        let output = RegularFile(descriptor: file.descriptor, flags: O_RDWR)
        file.write(records)
        #expect(output.truncate(from: 7, to: 14))
        #expect(String(decoding: file.contents, as: UTF8.self) == "before:RECORD1")
        #expect(file.position == 14)
    }

    @Test
    func `is left alone if it was opened for appending`() throws {
        let file = try TemporaryFile(flags: O_APPEND)
        let output = RegularFile(descriptor: file.descriptor, flags: cf_pcap_status_flags(file.descriptor))
        file.write(records)
        #expect(!output.truncate(from: 7, to: 14))
        #expect(file.contents == records)
    }

    @Test
    func `is left alone if another process has made it longer`() throws {
        let file = try TemporaryFile()
        let output = RegularFile(descriptor: file.descriptor, flags: O_RDWR)
        file.write(records)
        let other = file.opened(flags: O_RDWR | O_APPEND)
        defer { close(other) }
        #expect(unsafe write(other, "!", 1) == 1)
        #expect(!output.truncate(from: 7, to: 14))
        #expect(file.contents == records + [UInt8(ascii: "!")])
        #expect(file.position == 14)
    }

    @Test
    func `is left alone if another process has truncated it`() throws {
        let file = try TemporaryFile()
        let output = RegularFile(descriptor: file.descriptor, flags: O_RDWR)
        file.write(records)
        #expect(ftruncate(file.descriptor, 3) == 0)
        #expect(!output.truncate(from: 7, to: 14))
        #expect(file.contents.count == 3)
    }

    @Test
    func `is left alone if another process has moved the position`() throws {
        let file = try TemporaryFile()
        let output = RegularFile(descriptor: file.descriptor, flags: O_RDWR)
        file.write(records)
        #expect(lseek(file.descriptor, 3, SEEK_SET) == 3)
        #expect(!output.truncate(from: 7, to: 14))
        #expect(file.contents == records)
    }

    @Test
    func `is left alone if it was longer than the capture from the start`() throws {
        // `cf-pcap 1<> file` opens an existing file without truncating it.
        let file = try TemporaryFile([UInt8](repeating: 0x6F, count: 100))
        #expect(lseek(file.descriptor, 0, SEEK_SET) == 0)
        let output = RegularFile(descriptor: file.descriptor, flags: O_RDWR)
        file.write(records)
        #expect(!output.truncate(from: 7, to: 14))
        #expect(file.contents.count == 100)
    }

    @Test
    func `cannot be a pipe`() throws {
        let pipe = try TestPipe()
        #expect(!RegularFile(descriptor: pipe.writeEnd, flags: O_WRONLY).truncate(from: 0, to: 0))
    }
}
