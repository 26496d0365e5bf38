import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Client

@Suite("The consumers of the merge")
struct ConsumersTests {
    private let folder = try! TemporaryFolder()
    private let said = Lines()

    private final class Lines: Sendable {
        private let list = Mutex<[String]>([])
        var all: [String] { list.withLock { $0 } }
        func add(_ line: String) { list.withLock { $0.append(line) } }
    }

    /// Lets single records through, marks one, and ends behind another, by their places in the merged order.
    private struct Examiner: PacketExaminer {
        var marked = -1
        var last = Int.max
        private var count = 0
        private(set) var sources: [StreamID] = []

        init(marked: Int = -1, last: Int = .max) {
            self.marked = marked
            self.last = last
        }

        mutating func add(_ source: StreamID, _: StreamDescription) { sources.append(source) }

        mutating func examine(_ records: UnsafeRawBufferPointer, of source: StreamID) -> Examination {
            #expect(sources.contains(source))
            defer { count += 1 }
            return Examination(
                length: unsafe RecordHeader(records, at: 0).recordLength, comment: count == marked ? "here" : nil,
                isOver: count == last)
        }
    }

    private var lines: OutputLines {
        OutputLines(say: { [said] in said.add($0) }, warn: { [said] in said.add($0) })
    }

    private func consumer(
        _ output: any Output, _ format: CaptureOptions.Format = .pcapng, watch: OutputWatch = OutputWatch()
    ) throws -> Consumer {
        try Consumer(
            output, OutputFormat(format: format, compression: .none), application: "", commandLine: "", lines: lines,
            watch: watch)
    }

    private func file(_ name: String) throws -> FileSet {
        var options = CaptureOptions(app: "demo")
        options.output = "\(folder.path)/\(name)"
        return FileSet(of: try Destination.open(options))
    }

    private let stream = StreamDescription(
        name: "web/0 eth0", description: "", filter: nil, linkType: 1, isNanoseconds: false, snaplen: 65535)

    private func write(_ records: [Record], to consumers: inout Consumers) throws {
        let batch = RecordBatch(records)
        try unsafe consumers.write([RecordRun(records: batch.bytes, count: batch.count, stream: StreamID(number: 0))])
    }

    private let records = (1...9).map { Record(UInt64($0) * 1000, [UInt8($0)]) }

    /// The packets and their comments, as tshark reads them.
    private func packets(_ name: String) throws -> [String] {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = [
            "-c", "tshark -n -r '\(folder.path)/\(name)' -T fields -e frame.time_epoch -e frame.comment 2>/dev/null",
        ]
        let pipe = Pipe()
        shell.standardOutput = pipe
        try shell.run()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        return text.split(separator: "\n").map { String($0.dropFirst("0.00000".count)) }
    }

    @Test
    func `get the same packets in the same order, each in its own format`() throws {
        var consumers = Consumers(try consumer(file("a.pcapng")), [try consumer(file("b.pcap"), .pcap)])
        try consumers.add(StreamID(number: 0), stream)
        try write(records, to: &consumers)
        try consumers.finish(isFailed: false)
        let expected = (1...9).map { "\($0)000\t" }
        #expect(try packets("a.pcapng") == expected)
        #expect(try packets("b.pcap") == expected)
    }

    @Test(arguments: 0...8)
    func `get nothing behind the packet that ends the capture`(last: Int) throws {
        var consumers = Consumers(try consumer(file("a.pcapng")), examiner: Examiner(last: last))
        try consumers.add(StreamID(number: 0), stream)
        #expect(throws: Consumers.IsOver.self) { try write(records, to: &consumers) }
        try consumers.finish(isFailed: false)
        #expect(try packets("a.pcapng") == (0...last).map { "\($0 + 1)000\t" })
    }

    @Test(arguments: 0...8)
    func `get a comment at the packet that is marked, and its place is told`(marked: Int) throws {
        let marks = Mutex<[Consumers.Mark]>([])
        var consumers = Consumers(
            try consumer(file("a.pcapng")), examiner: Examiner(marked: marked),
            onMark: { mark in marks.withLock { $0.append(mark) } })
        try consumers.add(StreamID(number: 0), stream)
        try write(records, to: &consumers)
        try consumers.finish(isFailed: false)
        #expect(try packets("a.pcapng") == (0..<9).map { "\($0 + 1)000\t" + ($0 == marked ? "here" : "") })
        let place = PacketPlace(output: "\(folder.path)/a.pcapng", number: UInt64(marked + 1))
        #expect(marks.withLock { $0 } == [Consumers.Mark(comment: "here", place: place)])
    }

    @Test
    func `get what has happened as comments of the next packet, beside its mark`() throws {
        var consumers = Consumers(
            try consumer(file("a.pcapng")), [try consumer(file("b.pcap"), .pcap)], examiner: Examiner(marked: 4))
        try consumers.add(StreamID(number: 0), stream)
        consumers.note("one")
        consumers.note("two")
        try write(Array(records[0..<4]), to: &consumers)
        consumers.note("three")
        try write(Array(records[4...]), to: &consumers)
        consumers.note("nobody")
        try consumers.finish(isFailed: false)
        let comments = ["one,two", "", "", "", "three,here", "", "", "", ""]
        #expect(try packets("a.pcapng") == comments.enumerated().map { "\($0 + 1)000\t\($1)" })
        #expect(try packets("b.pcap").count == 9)
    }

    @Test
    func `that are lossy leave packets out, are told of it, and hold nothing up`() throws {
        let (reading, writing) = try FileDescriptor.pipe()
        let stream = ByteStream(lossyTo: writing, name: "Viewer", capacity: 100_000, lines: lines)
        // The reader begins below, and on a busy machine not at once.
        let watch = OutputWatch(closeTime: .seconds(60), stallTime: .seconds(60))
        var consumers = Consumers(
            try consumer(file("a.pcapng")), [try consumer(stream, watch: watch)], lines: lines, watch: watch)
        try consumers.add(StreamID(number: 0), self.stream)
        let large = (1...1000).map { Record(UInt64($0) * 1000, [UInt8](repeating: 1, count: 1000)) }
        for start in stride(from: 0, to: 1000, by: 50) {
            try write(Array(large[start..<start + 50]), to: &consumers)
            try consumers.flush(at: .now)
        }
        // A reader that reads on gets whole blocks: those that there was room for.
        let result = Mutex<[UInt8]>([])
        let isDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while true {
                let piece = try? unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
                    count = try unsafe reading.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                guard let piece, !piece.isEmpty else { break }
                result.withLock { $0 += piece }
            }
            isDone.signal()
        }
        try consumers.finish(isFailed: false)
        isDone.wait()
        try Data(result.withLock { $0 }).write(to: URL(filePath: "\(folder.path)/b.pcapng"))
        let (all, some) = (try packets("a.pcapng").count, try packets("b.pcapng").count)
        #expect(all == 1000)
        #expect((50...250).contains(some), "\(some)")
        #expect(said.all.first == "Viewer is too slow: packets are left out there, and stay in the file")
        #expect(
            said.all.last
                == "Viewer was too slow for \(1000 - some) packets, which were left out there and are in the file")
    }

    /// Each of the readers takes a little now and then, so that its pipe is never given up for standing still.
    @Test
    func `that are slow have one time together for their end`() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipes = try (0..<3).map { _ in try FileDescriptor.pipe() }
        let streams = pipes.enumerated().map { ByteStream(lossyTo: $1.writeEnd, name: "Viewer \($0)", lines: lines) }
        let watch = OutputWatch()
        var consumers = Consumers(
            try consumer(file("a.pcapng")), try streams.map { try consumer($0, watch: watch) }, lines: lines,
            watch: watch)
        try consumers.add(StreamID(number: 0), stream)
        let large = (1...200).map { Record(UInt64($0) * 1000, [UInt8](repeating: 1, count: 10_000)) }
        try write(large, to: &consumers)
        try consumers.flush(at: .now)
        let isOver = Mutex(false)
        for (reading, _) in pipes {
            Thread.detachNewThread {
                var buffer = [UInt8](repeating: 0, count: 8192)
                while !isOver.withLock({ $0 }) {
                    _ = try? unsafe buffer.withUnsafeMutableBytes { try unsafe reading.read(into: $0) }
                    usleep(100_000)
                }
                try? reading.close()
            }
        }
        let begin = ContinuousClock.now
        try consumers.finish(isFailed: false)
        #expect(.now - begin < Timeouts.finish)
        isOver.withLock { $0 = true }
        #expect(try packets("a.pcapng").count == 200)
        #expect(said.all.count { $0.contains("did not take the last packets in time") } == 3, "\(said.all)")
    }

    @Test
    func `that are lossy may fail, and the others go on`() throws {
        signal(SIGPIPE, SIG_IGN)
        let (reading, writing) = try FileDescriptor.pipe()
        let stream = ByteStream(lossyTo: writing, name: "Viewer", lines: lines)
        var consumers = Consumers(try consumer(file("a.pcapng")), [try consumer(stream)], lines: lines)
        try consumers.add(StreamID(number: 0), self.stream)
        try reading.close()
        // A child that another test is making may hold it for a moment.
        for _ in 0..<100 where said.all.isEmpty {
            try consumers.flush(at: .now)
            usleep(10_000)
        }
        try write(records, to: &consumers)
        try consumers.finish(isFailed: false)
        #expect(try packets("a.pcapng").count == 9)
        #expect(said.all == ["Viewer has gone, and the capture goes on."])
    }
}
