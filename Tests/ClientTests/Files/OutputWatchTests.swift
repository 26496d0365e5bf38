import Foundation
import SystemPackage
import Testing

@testable import Client

@Suite("The watch over outputs")
struct OutputWatchTests {
    @Test
    func `sees a write that a pipe does not accept, and since when, and no other`() throws {
        let (reading, writing) = try FileDescriptor.pipe()
        let (watch, destination) = (OutputWatch(), Destination(pipe: writing, name: "a pipe"))
        destination.report(to: watch)
        nonisolated(unsafe) let pipe = destination
        let hasEnded = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            // More than two pieces, which the pipe takes one by one.
            let bytes = [UInt8](repeating: 7, count: 3 * OutputWatch.pieceSize)
            try? unsafe bytes.withUnsafeBytes { bytes in try unsafe pipe.write(whole: bytes) }
            hasEnded.signal()
        }
        var moments: [ContinuousClock.Instant] = []
        var rest = 3 * OutputWatch.pieceSize
        while rest > 0 {
            let pending = try #require(wait(for: watch, after: moments.last))
            #expect(pending.name == "a pipe" && pending.isLive)
            moments.append(pending.since)
            var taken = 0
            while taken < min(rest, OutputWatch.pieceSize) {
                var buffer = [UInt8](repeating: 0, count: min(rest, OutputWatch.pieceSize) - taken)
                taken += try unsafe buffer.withUnsafeMutableBytes { try unsafe reading.read(into: $0) }
            }
            rest -= taken
            if rest <= OutputWatch.pieceSize { break }
        }
        try reading.close()
        hasEnded.wait()
        #expect(watch.pending == nil)
        #expect(moments == moments.sorted() && moments.count >= 2)
    }

    /// Returns a write that is pending for 50 ms and began behind a moment.
    private func wait(for watch: OutputWatch, after moment: ContinuousClock.Instant?) -> OutputWatch.PendingWrite? {
        for _ in 0..<2000 {
            if let pending = watch.pending, moment.map({ pending.since > $0 }) ?? true,
                .now - pending.since > .milliseconds(50)
            {
                return pending
            }
            usleep(5000)
        }
        return nil
    }
}
