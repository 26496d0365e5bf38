import Foundation
import SystemPackage
import Testing

@testable import Client

@Suite("The watch over outputs")
struct OutputWatchTests {
    @Test
    func `sees a write that a pipe does not accept, and since when, and no other`() throws {
        signal(SIGPIPE, SIG_IGN)
        let (reading, writing) = try FileDescriptor.pipe()
        let (watch, destination) = (OutputWatch(), Destination(pipe: writing, name: "a pipe"))
        destination.report(to: watch)
        nonisolated(unsafe) let pipe = destination
        let hasEnded = DispatchSemaphore(value: 0)
        // The pipe takes its capacity, and then a piece whenever one is read.
        let bytes = [UInt8](repeating: 7, count: Self.capacity + 3 * OutputWatch.pieceSize)
        Thread.detachNewThread {
            try? unsafe bytes.withUnsafeBytes { bytes in try unsafe pipe.write(whole: bytes) }
            hasEnded.signal()
        }
        var moments: [ContinuousClock.Instant] = []
        for _ in 0..<3 {
            let pending = try #require(wait(for: watch, after: moments.last))
            #expect(pending.name == "a pipe" && pending.isLive)
            moments.append(pending.since)
            try read(OutputWatch.pieceSize, from: reading)
        }
        hasEnded.wait()
        #expect(watch.pending == nil && moments == moments.sorted())
        try reading.close()
    }

    /// The capacity of a pipe on Linux (pipe(7)).
    private static let capacity = 65536

    private func read(_ count: Int, from pipe: FileDescriptor) throws {
        var rest = count
        while rest > 0 {
            var buffer = [UInt8](repeating: 0, count: rest)
            rest -= try unsafe buffer.withUnsafeMutableBytes { try unsafe pipe.read(into: $0) }
        }
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
