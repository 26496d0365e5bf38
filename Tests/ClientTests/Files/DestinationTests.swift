import Foundation
import Testing

@testable import Client

@Suite("The output's name", .serialized)
struct DestinationTests {
    @Test
    func `counts on where nobody chose it`() throws {
        let folder = try TemporaryFolder()
        let before = FileManager.default.currentDirectoryPath
        defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
        #expect(FileManager.default.changeCurrentDirectoryPath(folder.path))
        var options = CaptureOptions(app: "demo")
        #expect(try Destination.open(options).name == "capture.pcap")
        #expect(try Destination.open(options).name == "capture-1.pcap")
        #expect(try Destination.open(options).name == "capture-2.pcap")
        options.format = .pcapng
        options.compression = .zstd
        #expect(try Destination.open(options).name == "capture.pcapng.zst")
    }
}
