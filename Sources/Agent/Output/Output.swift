import CLinux

/// Standard output, as the stream of records sees it.
public struct Output: ~Copyable {
    private static let descriptor = STDOUT_FILENO

    /// Bytes that it has taken.
    private(set) var written = 0
    private let isSocket: Bool
    private let file: RegularFile?
    private var pipe: PipeRoom?

    /// Throws where no packets should go there: closed, not open for writing, or a terminal.
    /// The corresponding C functions are `fcntl`, `isatty` and `fstat`.
    public init() throws(Failure) {
        let flags = cf_pcap_status_flags(Self.descriptor)
        var information = stat()
        guard flags >= 0, flags & O_PATH == 0, unsafe fstat(Self.descriptor, &information) == 0 else {
            throw Failure("standard output is closed: send it to a file or a pipe (> capture.pcap)")
        }
        guard flags & O_ACCMODE != O_RDONLY else {
            throw Failure("standard output is not open for writing: send it to a file or a pipe (> capture.pcap)")
        }
        guard isatty(Self.descriptor) == 0 else {
            throw Failure("standard output is a terminal: send it to a file or a pipe (> capture.pcap)")
        }
        guard !information.isRegular || flags & O_APPEND == 0 || information.st_size == 0 else {
            throw Failure("standard output is appended to a file that is not empty: start a new one (> capture.pcap)")
        }
        isSocket = information.isSocket
        file = information.isRegular ? RegularFile(descriptor: Self.descriptor, flags: flags) : nil
        pipe = information.isPipe ? PipeRoom(descriptor: Self.descriptor) : nil
    }

    /// The descriptor if it leads to another process, which may go away; otherwise nil.
    public var stream: Int32? { isSocket || pipe != nil ? Self.descriptor : nil }

    /// What came of a write.
    enum Result: Equatable {
        /// All of the queue was taken, or some of it.
        case progress
        /// Nothing was; there is room once the descriptor is ready for writing.
        case waitForReadiness
        /// Nothing was; the pipe has some room, but not enough for a record, and nothing tells when it has.
        case waitForTime
        /// Nobody will read what is written.
        case readerGone
        /// It takes no more.
        case failed(SystemError)
    }

    /// Writes as much of `queue` as is taken without waiting, and removes it from there.
    mutating func write(_ queue: inout RecordQueue) -> Result {
        if let room = pipe?.room(for: queue.count), let capacity = pipe?.capacity {
            let count = Self.suitable(room: room, capacity: capacity, queue)
            return count == 0 ? .waitForTime : put(count, of: &queue)
        }
        if isSocket { return put(Self.suitable(room: Self.socketPart, capacity: Self.socketPart, queue), of: &queue) }
        return put(min(queue.count, Self.filePart), of: &queue)
    }

    /// A Unix stream socket of the usual size takes 32 kB whole or not at all (net/unix/af_unix.c, unix_stream_sendmsg).
    private static let socketPart = 32 << 10
    /// The most that one write to a file takes: on a slow disk a stop waits for one piece, not for the whole queue.
    private static let filePart = 256 << 10

    /// Whole records that fit; of a record that is larger than the capacity, as much as goes in.
    private static func suitable(room: Int, capacity: Int, _ queue: borrowing RecordQueue) -> Int {
        let whole = queue.wholeRecords(upTo: room)
        if whole > 0 { return whole }
        return queue.firstRecordLength > capacity ? min(room, queue.firstRecordLength) : 0
    }

    /// The corresponding C functions are `write` and `send`.
    private mutating func put(_ count: Int, of queue: inout RecordQueue) -> Result {
        let start = unsafe queue.waiting.baseAddress
        let result =
            isSocket
            ? unsafe send(Self.descriptor, start, count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            : unsafe CLinux.write(Self.descriptor, start, count)
        guard result < 0 else {
            written += result
            pipe?.noteWritten(result)
            queue.removeFirst(result)
            return .progress
        }
        switch cf_pcap_errno() {
        case EINTR: return .waitForTime
        case EAGAIN: return pipe == nil ? .waitForReadiness : .waitForTime
        case EPIPE, ECONNRESET: return .readerGone
        default: return .failed(.last)
        }
    }

    /// Removes the first `split` bytes of a record whose rest could not be written from the end of a file, where nobody
    /// else has written there. Returns whether the output ends with a whole record now.
    mutating func cutBack(_ split: Int) -> Bool {
        guard split > 0 else { return true }
        guard let file, file.cut(from: written - split, to: written) else { return false }
        written -= split
        return true
    }
}
