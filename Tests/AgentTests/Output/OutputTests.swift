import CLinux
import Testing

@testable import Agent

/// Writes from a queue to pipes, sockets and files. Each test runs in its own process, because it replaces the
/// process's standard output.
@Suite("Standard output")
struct OutputTests {
    /// A kind of standard output.
    enum Kind: String, CaseIterable, Codable {
        case pipe, narrowPipe, socket, file
    }

    /// Returns sizes of packets: common ones, and ones that exceed a page, a pipe or a socket's buffer.
    private static func sizes(_ count: Int, _ random: inout SeededGenerator) -> [Int] {
        let common = [0, 1, 40, 60, 84, 1500, 1514]
        let large = [4079, 4080, 4081, 8191, 8192, 8193, 32_750, 65_535, 65_550, 262_144]
        return (0..<count).map { _ in
            (Int.random(in: 0..<4, using: &random) == 0 ? large : common).randomElement(using: &random)!
        }
    }

    @Test(arguments: Kind.allCases)
    func `accepts every record once and in order, however it is read`(_ kind: Kind) async {
        await #expect(processExitsWith: .success) { [kind] in
            var random = SeededGenerator(seed: 1)
            let packets = Packet.numbered(sizes: Self.sizes(1500, &random))
            let reader = try Reader(kind)
            let stream = try Stream(packets, snaplen: 262_144)

            var read: [UInt8] = []
            var refusals = 0
            var splits = 0
            while stream.step() || stream.isBlocked {
                // A pipe accepts each write whole, and gets parts of a record only if the record exceeds the pipe.
                if kind != .socket, stream.lastResult == .notReady { refusals += 1 }
                if reader.pipeCapacity > 16 + 262_144, stream.partialRecordLength > 0 { splits += 1 }
                if stream.isBlocked || Bool.random(using: &random) {
                    let amounts = [1, 100, 4096, 5000, 100_000, 1 << 20]
                    read += reader.read(amounts.randomElement(using: &random)!)
                }
            }
            while true {
                let rest = reader.read(1 << 20)
                if rest.isEmpty { break }
                read += rest
            }
            #expect(read == stream.file)
            #expect(refusals == 0)
            #expect(splits == 0)
            #expect(stream.written == stream.file.count)
        }
    }

    @Test
    func `is truncated to whole records if it reaches a limit`() async {
        await #expect(processExitsWith: .success) {
            cf_pcap_ignore(SIGXFSZ)
            for limit in [24, 25, 100, 10_000, 40_000, 100_003] {
                let reader = try Reader(.file)
                let stream = try Stream(Packet.numbered(sizes: [60, 9000, 1500, 30_000, 65_535]))
                var resources = rlimit(rlim_cur: UInt(limit), rlim_max: .max)
                #expect(unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &resources) == 0)
                while stream.step() {}
                resources.rlim_cur = .max
                #expect(unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &resources) == 0)

                #expect(stream.lastResult == .failed(SystemError(number: EFBIG)))
                #expect(reader.fileSize == limit)
                #expect(stream.removePartialRecord())
                let file = reader.read(1 << 20)
                #expect(stream.file.starts(with: file))
                #expect(file.count == Self.wholeLength(of: stream.file, upTo: limit))
                #expect(stream.written == file.count)
            }
        }
    }

    /// Returns the length of the file header and of all records that end within `limit`.
    private static func wholeLength(of file: [UInt8], upTo limit: Int) -> Int {
        var end = 24
        while end < file.count {
            let next = end + 16 + (0..<4).reduce(0) { $0 | Int(file[end + 8 + $1]) << (8 * $1) }
            if next > limit { break }
            end = next
        }
        return end
    }

    @Test(arguments: [Kind.pipe, .socket])
    func `reports that its reader is gone`(_ kind: Kind) async {
        await #expect(processExitsWith: .success) { [kind] in
            cf_pcap_ignore(SIGPIPE)
            let reader = try Reader(kind)
            let stream = try Stream(Packet.numbered(sizes: [60]))
            reader.close()
            while stream.step() {}
            #expect(stream.lastResult == .readerGone)
        }
    }

    @Test
    func `does not wait if another process fills the pipe just before the write`() async {
        await #expect(processExitsWith: .success) {
            cf_pcap_ignore(SIGPIPE)
            // Ends the process if the test hangs.
            alarm(60)
            for left in [0, 1, 2] {
                let pipe = try TestPipe()
                replaceStandardOutput(by: pipe.writeEnd)
                StandardStreams.reopenNonblocking()
                let stream = try Stream(Packet.numbered(sizes: [Int](repeating: 1500, count: 2000)))
                // The pipe is empty at the first query, and a second query follows only when little space is left.
                #expect(stream.step())
                #expect(pipe.read().count == stream.written)
                fill(pipe, leaving: left)
                while stream.step() {}
                #expect(stream.lastResult == .needsSpace)
            }
        }
    }

    /// A pipe of another user cannot be opened again: open(2) on `/proc/self/fd` checks the pipe's permissions.
    @Test
    func `is used as it is if it is a pipe that cannot be opened again`() async {
        await #expect(processExitsWith: .success) {
            cf_pcap_ignore(SIGPIPE)
            alarm(60)
            let pipe = try TestPipe()
            replaceStandardOutput(by: pipe.writeEnd)
            #expect(fchmod(pipe.writeEnd, 0) == 0)
            if geteuid() == 0 { #expect(setuid(65534) == 0) }
            let stream = try Stream(Packet.numbered(sizes: [Int](repeating: 1500, count: 2000)))
            #expect(cf_pcap_status_flags(STDOUT_FILENO) & O_NONBLOCK == 0)
            var read: [UInt8] = []
            while stream.step() || stream.isBlocked {
                if stream.isBlocked { read += pipe.read() }
            }
            while read.count < stream.file.count { read += pipe.read() }
            #expect(read == stream.file)
        }
    }

    /// Standard output that was closed is replaced by a descriptor with O_PATH.
    @Test(arguments: [
        ("path", "standard output is closed"), ("read-only", "standard output is not open for writing"),
        ("terminal", "standard output is a terminal"),
    ])
    func `is refused if packets must not go there`(_ kind: String, _ words: String) async {
        await #expect(processExitsWith: .success) { [kind, words] in
            switch kind {
            case "read-only": replaceStandardOutput(by: try TemporaryFile().opened(flags: O_RDONLY))
            case "path": replaceStandardOutput(by: try TemporaryFile().opened(flags: O_PATH))
            default: replaceStandardOutput(by: terminal())
            }
            let failure = #expect(throws: Failure.self) { _ = try Output() }
            #expect(failure?.description.hasPrefix(ByteString(text: words)) == true)
        }
    }
}

private func replaceStandardOutput(by descriptor: Int32) {
    _ = dup2(descriptor, STDOUT_FILENO)
}

/// Fills a pipe except for some pages.
private func fill(_ pipe: TestPipe, leaving pages: Int) {
    let count = Int(cf_pcap_pipe_capacity(pipe.writeEnd)) - 4096 * pages
    #expect(pipe.write(count) == count)
}

/// Returns the user's end of a new pseudo-terminal.
private func terminal() -> Int32 {
    let controller = posix_openpt(O_RDWR | O_NOCTTY)
    grantpt(controller)
    unlockpt(controller)
    return unsafe ByteString(cString: ptsname(controller)).withCString { unsafe cf_pcap_open($0, O_RDWR | O_NOCTTY) }
}

/// The other end of standard output.
private final class Reader {
    private let descriptor: Int32
    private var offset = 0
    private let isFile: Bool
    private let file: TemporaryFile?

    init(_ kind: OutputTests.Kind) throws {
        isFile = kind == .file
        if isFile {
            let file = try TemporaryFile()
            self.file = file
            descriptor = file.descriptor
            replaceStandardOutput(by: file.opened(flags: O_WRONLY))
            return
        }
        file = nil
        if kind == .narrowPipe { Self.usePipesUp() }
        var ends: (Int32, Int32) = (-1, -1)
        // Other processes of the user may have released pages meanwhile.
        repeat {
            unsafe withUnsafeMutableBytes(of: &ends) { ends in
                let ends = unsafe ends.assumingMemoryBound(to: Int32.self).baseAddress
                if kind == .socket {
                    _ = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, ends)
                } else {
                    _ = unsafe pipe2(ends, O_NONBLOCK)
                }
            }
        } while kind == .narrowPipe && cf_pcap_pipe_capacity(ends.1) > 8192
        descriptor = ends.0
        replaceStandardOutput(by: ends.1)
        CLinux.close(ends.1)
    }

    /// Uses up the user's memory for pipes, so that a new pipe has two pages (pipe(7), pipe-user-pages-soft).
    private static func usePipesUp() {
        if geteuid() == 0 { #expect(setuid(65534) == 0) }
        for _ in 0..<100 {
            var ends: (Int32, Int32) = (-1, -1)
            unsafe withUnsafeMutableBytes(of: &ends) { ends in
                _ = unsafe pipe2(ends.assumingMemoryBound(to: Int32.self).baseAddress, 0)
            }
            if cf_pcap_widen_pipe(ends.1, 1 << 20) < 0, cf_pcap_pipe_capacity(ends.1) <= 8192 { return }
        }
    }

    func read(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let taken = unsafe bytes.withUnsafeMutableBytes { bytes in
            isFile
                ? unsafe pread(descriptor, bytes.baseAddress, bytes.count, offset)
                : unsafe CLinux.read(descriptor, bytes.baseAddress, bytes.count)
        }
        offset += max(taken, 0)
        return [UInt8](bytes.prefix(max(taken, 0)))
    }

    /// The capacity of the pipe in bytes; -1 if standard output is no pipe.
    var pipeCapacity: Int { Int(cf_pcap_pipe_capacity(descriptor)) }

    var fileSize: Int { lseek(descriptor, 0, SEEK_END) }

    func close() {
        CLinux.close(descriptor)
    }
}

/// A loop that moves packets through a queue to standard output.
private final class Stream {
    /// The bytes that the reader must receive.
    let file: [UInt8]
    private var rest: ArraySlice<Packet>
    private var queue: RecordQueue
    private var output: Output
    private(set) var lastResult: Output.WriteResult = .accepted

    init(_ packets: [Packet], snaplen: Int = 65_535) throws {
        let header = Packet.fileHeader(snaplen: snaplen)
        file = header + packets.flatMap { $0.record }
        rest = packets[...]
        queue = RecordQueue(fileHeader: header, snaplen: snaplen)
        output = try Output()
    }

    /// Fills the queue and writes once. Returns whether another step needs no waiting.
    func step() -> Bool {
        while queue.hasFreeSpace, let packet = rest.popFirst() { queue.add(packet) }
        lastResult = queue.isEmpty ? .accepted : output.write(from: &queue)
        return lastResult == .accepted && !(queue.isEmpty && rest.isEmpty)
    }

    var isBlocked: Bool { lastResult == .needsSpace || lastResult == .notReady }
    var partialRecordLength: Int { queue.partialRecordLength }
    var written: Int { output.written }

    func removePartialRecord() -> Bool {
        output.removePartialRecord(queue.partialRecordLength)
    }
}
