import CLinux

/// The destination of a capture, usually standard output: a pipe, a socket, a file or a device.
///
/// A pipe gets whole records, so that a reader that stops has whole ones. A socket gets whole records as long as it
/// accepts 32 kB at once. A file can end with a part of a record when the disk is full; that part is removed at the end
/// of the capture.
public struct Output: ~Copyable {
    /// The descriptor. The output does not close it.
    let descriptor: Int32
    /// The number of bytes that the output has accepted.
    private(set) var written = 0
    /// Whether the output is a socket.
    private let isSocket: Bool
    /// The output if it is a regular file, otherwise nil.
    private let file: RegularFile?
    /// The free space of the output if it is a pipe, otherwise nil.
    private var pipe: PipeFreeSpace?

    /// Uses standard output.
    ///
    /// - Throws: A failure if standard output is closed, not open for writing, a terminal, a UDP socket, or a file that
    ///   is not empty and opened for appending.
    ///
    /// The corresponding C functions are `fcntl`, `isatty` and `fstat`.
    public init() throws(Failure) {
        try self.init(descriptor: STDOUT_FILENO)
    }

    /// Uses a descriptor, with the conditions of ``init()``.
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

    /// The descriptor if it leads to another process, otherwise nil.
    public var stream: Int32? { isSocket || pipe != nil ? descriptor : nil }

    /// The result of a write.
    enum WriteResult: Equatable {
        /// The output has accepted at least one byte.
        case accepted
        /// The output accepts nothing until poll(2) reports that it is ready.
        case notReady
        /// The pipe has no space for a whole record, and the kernel does not report when it has. Also if a signal has
        /// interrupted the write.
        case needsSpace
        /// The reader of the output is gone.
        case readerGone
        /// The output accepts nothing any more.
        case failed(SystemError)
    }

    /// Writes bytes from the front of the queue, and removes them from the queue.
    ///
    /// Does not wait for a pipe or a socket. Waits until a file or a device has accepted the bytes.
    ///
    /// - Parameter queue: The queue, which must not be empty.
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

    /// The largest write to a socket, in bytes. A Unix stream socket of the default size accepts 32 kB whole or not at
    /// all (net/unix/af_unix.c, unix_stream_sendmsg).
    private static let socketPart = 32 << 10
    /// The largest write to a file, in bytes. A stop waits for the end of a write, which takes long on a slow disk.
    private static let filePart = 256 << 10

    /// Returns the number of bytes to write: as many whole records as fit.
    ///
    /// Returns a part of the first record if that record is larger than the capacity.
    ///
    /// - Parameters:
    ///   - queue: The queue.
    ///   - freeSpace: The number of bytes that the output accepts now.
    ///   - capacity: The number of bytes that the output accepts when it is empty.
    private static func writableLength(of queue: borrowing RecordQueue, freeSpace: Int, capacity: Int) -> Int {
        let whole = queue.wholeRecordsLength(upTo: freeSpace)
        if whole > 0 { return whole }
        return queue.firstRecordLength > capacity ? min(freeSpace, queue.firstRecordLength) : 0
    }

    /// Writes the first `count` bytes of the queue.
    ///
    /// The corresponding C functions are `write` and `send`.
    private mutating func writeBytes(_ count: Int, from queue: inout RecordQueue) -> WriteResult {
        // At least `count` bytes are pending, and the queue does not change until they are written.
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

    /// Removes a partial record from the end of a file.
    ///
    /// - Parameter length: The number of bytes of the record that were written; 0 if there is no partial record.
    /// - Returns: Whether the output ends with a whole record. False if the output is no file, or another process has
    ///   written to the file.
    mutating func removePartialRecord(_ length: Int) -> Bool {
        guard length > 0 else { return true }
        guard let file, file.truncate(from: written - length, to: written) else { return false }
        written -= length
        return true
    }
}
