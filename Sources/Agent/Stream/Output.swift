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
    public init() throws(SetupFailure) {
        let flags = cf_pcap_status_flags(Self.descriptor)
        var information = stat()
        guard flags >= 0, flags & O_PATH == 0, unsafe fstat(Self.descriptor, &information) == 0 else {
            throw SetupFailure("standard output is closed: send it to a file or a pipe (> capture.pcap)")
        }
        guard flags & O_ACCMODE != O_RDONLY else {
            throw SetupFailure("standard output is not open for writing: send it to a file or a pipe (> capture.pcap)")
        }
        guard isatty(Self.descriptor) == 0 else {
            throw SetupFailure("standard output is a terminal: send it to a file or a pipe (> capture.pcap)")
        }
        let mode = information.st_mode
        isSocket = cf_pcap_is_socket(mode)
        file = cf_pcap_is_regular(mode) ? RegularFile(descriptor: Self.descriptor, flags: flags) : nil
        pipe = cf_pcap_is_fifo(mode) ? PipeRoom(descriptor: Self.descriptor) : nil
    }

    /// Whether it leads to another process, which may go away.
    public var isStream: Bool { isSocket || pipe != nil }

    /// What came of a write.
    enum Result: Equatable {
        /// All of the buffer was taken, or some of it.
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

    /// Writes as much of `buffer` as is taken without waiting.
    mutating func write(_ buffer: inout RecordBuffer) -> Result {
        if let room = pipe?.room(for: unsafe buffer.unsent.count), let capacity = pipe?.capacity {
            let count = Self.suitable(room: room, capacity: capacity, buffer)
            return count == 0 ? .waitForTime : put(count, of: &buffer)
        }
        if isSocket { return put(Self.suitable(room: Self.socketPart, capacity: Self.socketPart, buffer), of: &buffer) }
        return put(unsafe buffer.unsent.count, of: &buffer)
    }

    /// Writes `parts`, which have `length` bytes in all. Returns how many bytes were taken: all, or fewer where it does not
    /// take all at once. The corresponding C function is `writev`.
    mutating func write(_ parts: UnsafePointer<iovec>, count: Int, _ length: Int) -> Int {
        if isSocket { return 0 }
        if let room = pipe?.room(for: length), room < length { return 0 }
        let taken = unsafe writev(Self.descriptor, parts, Int32(count))
        // What is wrong shows again when the rest is written.
        guard taken > 0 else { return 0 }
        written += taken
        pipe?.noteWritten(taken)
        return taken
    }

    /// A Unix stream socket of the usual size takes 32 kB whole or not at all (net/unix/af_unix.c, unix_stream_sendmsg).
    private static let socketPart = 32 << 10

    /// Whole records that fit; of a record that is larger than the capacity, as much as goes in.
    private static func suitable(room: Int, capacity: Int, _ buffer: borrowing RecordBuffer) -> Int {
        let whole = buffer.wholeUnits(upTo: room)
        if whole > 0 { return whole }
        return buffer.firstUnitLength > capacity ? min(room, buffer.firstUnitLength) : 0
    }

    /// The corresponding C functions are `write` and `send`.
    private mutating func put(_ count: Int, of buffer: inout RecordBuffer) -> Result {
        let start = unsafe buffer.unsent.baseAddress
        let result =
            isSocket
            ? unsafe send(Self.descriptor, start, count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            : unsafe CLinux.write(Self.descriptor, start, count)
        guard result < 0 else {
            written += result
            pipe?.noteWritten(result)
            buffer.markSent(result)
            return .progress
        }
        switch cf_pcap_errno() {
        case EINTR: return .progress
        case EAGAIN: return .waitForReadiness
        case EPIPE, ECONNRESET: return .readerGone
        default: return .failed(.last)
        }
    }

    /// Removes the first `split` bytes of a record whose rest could not be written, where that can be done without harm to
    /// others. Returns whether the output ends with a whole record now.
    mutating func cutBack(_ split: Int) -> Bool {
        guard split > 0 else { return true }
        guard let file, file.cut(from: written - split, to: written) else { return false }
        written -= split
        return true
    }
}
