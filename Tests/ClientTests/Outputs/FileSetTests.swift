import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Client

@Suite("A set of files that rotates")
struct FileSetTests {
    private let folder = try! TemporaryFolder()
    private let said = Lines()

    private final class Lines: Sendable {
        private let list = Mutex<[String]>([])
        var all: [String] { list.withLock { $0 } }
        func add(_ line: String) { list.withLock { $0.append(line) } }
    }

    private let pcapng = OutputFormat(format: .pcapng, compression: .none)

    private func set(
        _ limits: String, keep: Int? = nil, output: String = "web.pcapng", handover: FileHandover? = nil
    ) throws -> FileSet {
        let name = FileSetName(output: "\(folder.path)/\(output)", format: pcapng)
        let lines = OutputLines(
            say: { _ in }, warn: { [said] in said.add($0) }, fail: { [said] in said.add("failed: \($0)") })
        return try FileSet(name, try Rotation(limits), keep: keep, lines: lines, handover)
    }

    private func consumer(_ set: FileSet, _ format: CaptureOptions.Format = .pcapng) throws -> Consumer {
        try Consumer(set, OutputFormat(format: format, compression: .none), application: "client", commandLine: "cf")
    }

    private func stream(_ number: Int) -> StreamDescription {
        StreamDescription(
            name: "web/\(number) eth0", description: "", filter: nil, linkType: 1, isNanoseconds: false,
            snaplen: 65535)
    }

    private func write(_ numbers: Range<Int>, size: Int = 100, to consumer: inout Consumer, of source: Int = 0) throws {
        let batch = RecordBatch(
            numbers.map { number in
                Record(UInt64(number) * 1000, [UInt8](repeating: UInt8(number & 0xFF), count: size))
            })
        try unsafe consumer.write(batch.bytes, of: StreamID(number: source))
    }

    /// What stands in a file: its interfaces, and the times of its packets.
    private struct Contents {
        var interfaces = 0
        var times: [Int] = []
        var statistics = 0
        var size = 0
    }

    /// Reads a file of whole blocks.
    private func contents(_ name: String) throws -> Contents {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")))
        var contents = Contents()
        contents.size = bytes.count
        unsafe bytes.withUnsafeBytes { bytes in
            #expect(unsafe PcapngEncoder.wholeLength(of: bytes, upTo: bytes.count) == bytes.count)
            for block in unsafe PcapngEncoder.blocks(in: bytes) {
                switch unsafe bytes.number(at: block) {
                case 1: contents.interfaces += 1
                case 5: contents.statistics += 1
                case 6: contents.times.append(unsafe Int(bytes.number(at: block + 16)))
                default: #expect(block == 0)
                }
            }
        }
        return contents
    }

    @Test
    func `has each packet once, in files that are whole and not larger than the limit`() throws {
        var consumer = try consumer(try set("10KB"))
        try consumer.add(StreamID(number: 0), stream(0))
        for start in stride(from: 0, to: 70_000, by: 1000) {
            try write(start..<start + 1000, to: &consumer)
            try consumer.flush(at: .now)
        }
        let place = consumer.lastPacket
        try consumer.finish(isFailed: false)
        let names = try folder.names
        #expect(names.count > 900)
        var times: [Int] = []
        for (number, name) in names.enumerated() {
            #expect(
                name.hasPrefix("web_" + String(repeating: "0", count: 5 - "\(number + 1)".count) + "\(number + 1)_"))
            let contents = try contents(name)
            #expect(contents.interfaces == 1 && contents.statistics == 1)
            #expect(contents.size <= 10_000 && (contents.size > 9_700 || name == names.last))
            times += contents.times
        }
        #expect(times == Array(0..<70_000))
        // A mark tells the file in which its packet stands, and its number there.
        let last = PacketPlace(
            output: "\(folder.path)/\(names[names.count - 1])",
            number: UInt64(try contents(names[names.count - 1]).times.count))
        #expect(place == last)
        let saved = try #require(consumer.saved)
        #expect(saved.paths == names.map { "\(folder.path)/\($0)" })
    }

    @Test
    func `begins each file with all interfaces so far, in their order`() throws {
        var consumer = try consumer(try set("10KB"))
        for source in 0..<4 {
            try consumer.add(StreamID(number: source), stream(source))
            try write(source * 100..<source * 100 + 100, to: &consumer, of: source)
        }
        try consumer.finish(isFailed: false)
        let names = try folder.names
        let interfaces = try names.map { try contents($0).interfaces }
        #expect(interfaces.first == 1 && interfaces.last == 4 && interfaces == interfaces.sorted())
        #expect(try interfaces == names.map { try contents($0).statistics })
        #expect(try names.flatMap { try contents($0).times } == Array(0..<400))
    }

    @Test
    func `takes a packet that is larger than the limit`() throws {
        var consumer = try consumer(try set("10KB"))
        try consumer.add(StreamID(number: 0), stream(0))
        try write(0..<3, size: 200_000, to: &consumer)
        try consumer.finish(isFailed: false)
        #expect(try folder.names.map { try contents($0).times } == [[0], [1], [2]])
    }

    @Test
    func `of pcap has the header in each file`() throws {
        var consumer = try consumer(try set("10KB", output: "web.pcap"), .pcap)
        try consumer.add(StreamID(number: 0), stream(0))
        try write(0..<1000, to: &consumer)
        try consumer.finish(isFailed: false)
        var count = 0
        for name in try folder.names {
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")))
            #expect(PcapHeader(bytes)?.linkType == 1 && bytes.count <= 10_000)
            count += (bytes.count - 24) / 116
        }
        #expect(count == 1000)
    }

    @Test
    func `begins another file when the time is over, but none without packets`() throws {
        var consumer = try consumer(try set("10s"))
        try consumer.add(StreamID(number: 0), stream(0))
        let start = ContinuousClock.now
        for (second, number) in [(0, 0), (9, 1), (11, 2), (12, 3), (40, 4), (41, 5)] {
            try write(number..<number + 1, to: &consumer)
            for moment in [0, 1] { try consumer.flush(at: start + .seconds(second) + .milliseconds(moment)) }
        }
        for second in 50..<90 { try consumer.flush(at: start + .seconds(second)) }
        #expect(try folder.names.count == 3)
        try consumer.finish(isFailed: false)
        #expect(try folder.names.map { try contents($0).times } == [[0, 1, 2], [3, 4], [5]])
    }

    @Test
    func `keeps the latest files besides the present one, and removes none that is another's`() throws {
        var consumer = try consumer(try set("10KB", keep: 2))
        try consumer.add(StreamID(number: 0), stream(0))
        try write(0..<150, to: &consumer)
        let first = try #require(try folder.names.first)
        // The name leads to another file now, as after an upload that puts an empty one in its place.
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(first)")
        try folder.add(first, "mine")
        try write(150..<1000, to: &consumer)
        try consumer.finish(isFailed: false)
        let names = try folder.names
        #expect(names.count == 4 && names.first == first, "\(names), first \(first)")
        let times = try names.dropFirst().flatMap { try contents($0).times }
        #expect(times.last == 999 && times == Array(times[0]...999))
        #expect(consumer.saved?.paths.count == 3)
        #expect(said.all.isEmpty)
    }

    @Test
    func `tells its present file, the bytes of that on disk, and how many others are kept`() throws {
        var consumer = try consumer(try set("10KB", keep: 2))
        try consumer.add(StreamID(number: 0), stream(0))
        #expect(consumer.progress?.completeFiles == 0)
        try write(0..<500, to: &consumer)
        try consumer.flush(at: .now + .seconds(2))
        let progress = try #require(consumer.progress)
        #expect(progress.completeFiles == 2)
        let names = try folder.names
        #expect(progress.file == "\(folder.path)/\(names[names.count - 1])")
        #expect(progress.size == Int64(try contents(names[names.count - 1]).size))
        try consumer.finish(isFailed: false)
        #expect(consumer.progress?.completeFiles == consumer.saved?.paths.count)
    }

    @Test
    func `keeps all files from a match on`() throws {
        var consumer = try consumer(try set("10KB", keep: 1))
        try consumer.add(StreamID(number: 0), stream(0))
        try write(0..<500, to: &consumer)
        let before = try folder.names.count
        #expect(before == 2)
        consumer.keepAll()
        try write(500..<1500, to: &consumer)
        try consumer.finish(isFailed: false)
        #expect(try folder.names.count > before + 10)
    }

    @Test
    func `keeps files that wait for their command, up to as many again, and then removes the oldest`() async throws {
        let handover = FileHandover(
            try HandoverCommand(
                ": > '\(folder.path)/run'; while [ ! -e '\(folder.path)/go' ]; do sleep 0.02; done; : {}"),
            environment: ["PATH": "/usr/bin:/bin"], onFailure: { _ in })
        var consumer = try consumer(try set("10KB", keep: 2, handover: handover))
        try consumer.add(StreamID(number: 0), stream(0))
        try write(0..<100, to: &consumer)
        while try !folder.names.contains("run") { try await Task.sleep(for: .milliseconds(10)) }
        try FileManager.default.removeItem(atPath: "\(folder.path)/run")
        try write(100..<1000, to: &consumer)
        // The first one, for which the command runs, the last three that wait, and the present file.
        let names = try folder.names
        #expect(names.count == 5 && names[0].hasPrefix("web_00001_"))
        #expect(said.all.count == 9)
        #expect(said.all[0].contains("--on-file is too slow: ") && said.all[0].contains("_00002_"))
        #expect(handover.pending.map { String($0.dropFirst(folder.path.count + 1)) } == Array(names.prefix(4)))
        try folder.add("go", "")
        await handover.finish()
        try consumer.flush(at: .now)
        #expect(try folder.names.filter { $0.hasPrefix("web") }.count == 3)
        try consumer.finish(isFailed: false)
        await handover.finish()
        #expect(try folder.names.filter { $0.hasPrefix("web") }.count == 3)
    }

    @Test
    func `keeps and tells a file that cannot be removed, and does not count it as removed`() throws {
        let set = try set("10KB", keep: 2)
        for _ in 0..<2 {
            let file = try #require(try set.open() as? Destination)
            try unsafe [UInt8](repeating: 0, count: 10).withUnsafeBytes { unsafe try file.write(whole: $0) }
            try file.close()
            try set.didClose(packets: 1, isLast: false, failure: nil)
        }
        let present = try #require(try set.open() as? Destination)
        let files = try folder.names.prefix(2).map { "\(folder.path)/\($0)" }
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path) }
        asAnotherUser {
            // On a full disk no more room is made, so that the capture ends instead of trying for ever.
            #expect(present.makeRoom?() == false)
        }
        #expect(try folder.names.count == 3)
        #expect(set.saved == SavedFiles(paths: Array(files), removed: 0))
        let failures = said.all.filter { $0.contains("cannot be removed") }
        #expect(failures.count == 2 && zip(failures, files).allSatisfy { $0.contains("'\($1)'") }, "\(said.all)")
    }

    /// Runs `body` without root's right to change any folder: with another user's identity for files, on this thread alone
    /// (setfsuid(2), which the C library's module lacks). macOS has no such call, and no root who runs tests.
    private func asAnotherUser(_ body: () -> Void) {
        typealias Function = @convention(c) (uid_t) -> Int32
        let function = geteuid() == 0 ? unsafe dlsym(nil, "setfsuid") : nil
        let setfsuid = unsafe function.map { unsafe unsafeBitCast($0, to: Function.self) }
        _ = setfsuid?(65534)
        defer { _ = setfsuid?(0) }
        body()
    }

    @Test
    func `whose present file somebody takes away goes on, which is told`() throws {
        var consumer = try consumer(try set("10KB"))
        try consumer.add(StreamID(number: 0), stream(0))
        try write(0..<10, to: &consumer)
        try consumer.flush(at: .now)
        let first = try #require(try folder.names.first)
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(first)")
        try write(10..<200, to: &consumer)
        try consumer.finish(isFailed: false)
        #expect(said.all.count == 1 && said.all[0].hasPrefix("failed: ") && said.all[0].contains(first))
        #expect(try folder.names.count == 2)
    }

    @Test
    func `never goes on with the set of another run`() throws {
        try folder.add("web_00007_20261130013000.pcapng", "old")
        #expect(throws: OutputError.setExists("web_00007_20261130013000.pcapng")) { try set("10KB") }
        #expect(try folder.names == ["web_00007_20261130013000.pcapng"])
        _ = try set("10KB", output: "web.pcap").open()
        _ = try set("10KB", output: "web-2.pcapng").open()
    }

    @Test(arguments: [
        ("web.pcapng", "web", ".pcapng"), ("a.b/web.PCAPNG", "a.b/web", ".PCAPNG"), ("x.dat", "x", ".dat"),
        ("a.b/x", "a.b/x", ".pcapng"), ("x.y.pcapng", "x.y", ".pcapng"),
    ])
    func `is named after the output, as dumpcap does`(output: String, prefix: String, suffix: String) {
        let name = FileSetName(output: output, format: pcapng)
        #expect(name.prefix == prefix && name.suffix == suffix)
        let path = name.path(number: 12, at: 0)
        #expect(path.hasPrefix("\(prefix)_00012_19") && path.hasSuffix(suffix))
        #expect(path.count == prefix.count + suffix.count + 21)
        #expect(name.path(number: 100_001, at: 0).hasPrefix("\(prefix)_00001_"))
    }
}
