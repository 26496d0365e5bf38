import CLinux

/// The output of a capture: a pipe, a socket, a file or a device, usually standard output.
///
/// A pipe gets whole records, so that a reader that stops has whole ones. Of a file, the part of a record that a full disk
/// left is cut off at the end.
public struct Output: ~Copyable {
    /// The descriptor, which stays the caller's.
    let descriptor: Int32
    /// The number of bytes that the output has accepted.
    private(set) var written = 0
    private let isSocket: Bool
    private let file: RegularFile?
    private var pipe: PipeFreeSpace?

    /// Uses standard output. Throws if packets must not go there: it is closed, not open for writing, a terminal, or
    /// appends to a file that is not empty. The corresponding C functions are `fcntl`, `isatty` and `fstat`.
    public init() throws(Failure) {
        try self.init(descriptor: STDOUT_FILENO)
    }

    init(descriptor: Int32) throws(Failure) {
        let flags = cf_pcap_status_flags(descriptor)
        var fileStatus = stat()
        guard flags >= 0, flags & O_PATH == 0, unsafe fstat(descriptor, &fileStatus) == 0 else {
            throw Failure("standard output is closed: send it to a file or a pipe (> capture.pcap)")
        }
        guard flags & O_ACCMODE != O_RDONLY else {
            throw Failure("standard output is not open for writing: send it to a file or a pipe (> capture.pcap)")
        }
        guard isatty(descriptor) == 0 else {
            throw Failure("standard output is a terminal: send it to a file or a pipe (> capture.pcap)")
        }
        guard !fileStatus.isRegular || flags & O_APPEND == 0 || fileStatus.st_size == 0 else {
            throw Failure("standard output is appended to a file that is not empty: start a new one (> capture.pcap)")
        }
        guard OutputConnection.transport(of: descriptor) != Int32(IPPROTO_UDP) else {
            throw Failure("standard output is a UDP socket, which may lose parts of a capture: send it to a TCP one")
        }
        self.descriptor = descriptor
        isSocket = fileStatus.isSocket
        file = fileStatus.isRegular ? RegularFile(descriptor: descriptor, flags: flags) : nil
        pipe = fileStatus.isPipe ? PipeFreeSpace(descriptor: descriptor) : nil
    }

    /// The descriptor if it leads to another process, which may go away; otherwise nil.
    public var stream: Int32? { isSocket || pipe != nil ? descriptor : nil }

    /// The result of a write.
    enum WriteResult: Equatable {
        /// The output has accepted some bytes, or all.
        case accepted
        /// The output accepts nothing until poll(2) says that it is ready.
        case notReady
        /// The pipe has no space for a whole record, and the kernel does not tell when it has.
        case needsSpace
        /// Nobody will read what is written.
        case readerGone
        /// The output accepts no more.
        case failed(SystemError)
    }

    /// Writes as much of the queue as the output accepts without waiting, and removes it from the queue. The queue must
    /// not be empty.
    mutating func write(from queue: inout RecordQueue) -> WriteResult {
        if let freeSpace = pipe?.bytes(for: queue.count), let capacity = pipe?.capacity {
            let count = Self.writableLength(of: queue, freeSpace: freeSpace, capacity: capacity)
            return count == 0 ? .needsSpace : writeBytes(count, from: &queue)
        }
        if isSocket {
            let count = Self.writableLength(of: queue, freeSpace: Self.socketPart, capacity: Self.socketPart)
            return writeBytes(count, from: &queue)
        }
        return writeBytes(min(queue.count, Self.filePart), from: &queue)
    }

    /// A Unix stream socket of the usual size accepts 32 kB whole or not at all (net/unix/af_unix.c, unix_stream_sendmsg).
    private static let socketPart = 32 << 10
    /// The largest write to a file. On a slow disk a stop waits for one write, not for the whole queue.
    private static let filePart = 256 << 10

    /// Returns the number of bytes to write: whole records that fit, or a part of a record that is larger than the
    /// capacity.
    private static func writableLength(of queue: borrowing RecordQueue, freeSpace: Int, capacity: Int) -> Int {
        let whole = queue.wholeRecords(upTo: freeSpace)
        if whole > 0 { return whole }
        return queue.firstRecordLength > capacity ? min(freeSpace, queue.firstRecordLength) : 0
    }

    /// The corresponding C functions are `write` and `send`.
    private mutating func writeBytes(_ count: Int, from queue: inout RecordQueue) -> WriteResult {
        let start = unsafe queue.pendingBytes.baseAddress
        let result =
            isSocket
            ? unsafe send(descriptor, start, count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            : unsafe CLinux.write(descriptor, start, count)
        guard result < 0 else {
            written += result
            pipe?.noteWritten(result)
            queue.removeFirst(result)
            return .accepted
        }
        switch cf_pcap_errno() {
        case EINTR: return .needsSpace
        case EAGAIN: return pipe == nil ? .notReady : .needsSpace
        case EPIPE, ECONNRESET: return .readerGone
        default: return .failed(.last)
        }
    }

    /// Removes the first `length` bytes of a record, whose rest could not be written, from the end of a file. Returns
    /// whether the output ends with a whole record now. It does not if somebody else has written to the file.
    mutating func truncatePartialRecord(_ length: Int) -> Bool {
        guard length > 0 else { return true }
        guard let file, file.truncate(from: written - length, to: written) else { return false }
        written -= length
        return true
    }
}
