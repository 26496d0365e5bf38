import Foundation
import Testing

@testable import Client

@Suite("The output's name")
struct DestinationTests {
    /// In a process of its own, for the working directory is the process's.
    @Test
    func `counts on where nobody chose it`() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            #expect(FileManager.default.changeCurrentDirectoryPath(folder.path))
            var options = CaptureOptions(app: "demo")
            #expect(try Destination.open(options).name == "capture.pcap")
            #expect(try Destination.open(options).name == "capture-1.pcap")
            #expect(try Destination.open(options).name == "capture-2.pcap")
            options.requestedFormat = OutputFormat(format: .pcapng, compression: .zstd)
            #expect(try Destination.open(options).name == "capture.pcapng.zst")
        }
    }
}
