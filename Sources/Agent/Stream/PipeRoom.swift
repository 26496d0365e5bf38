import CLinux

/// How many bytes a pipe is sure to take at once, so that a record is never cut by a reader that stops reading.
///
/// A pipe holds pages, not bytes (pipe(7)): a write begins a new page unless its odd bytes fit behind the last one. So
/// bytes that were written with one call take as many pages as they fill and one more at most, and the number of pages in
/// use follows from the number of unread bytes and of the writes that they came from.
struct PipeRoom {
    private let descriptor: Int32
    private let pages: Int
    private let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Bytes written since the start, and that count at the end of each of the last writes, the oldest first.
    private var written = 0
    private var ends: [Int] = []
    private static let mostEnds = 64

    /// Widens the pipe as far as an unprivileged process may, to save the reader and the agent wake-ups.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        var capacity = cf_pcap_pipe_capacity(descriptor)
        var wanted: Int32 = 1 << 20
        while wanted > capacity, cf_pcap_widen_pipe(descriptor, wanted) < 0 { wanted /= 2 }
        capacity = max(cf_pcap_pipe_capacity(descriptor), 4096)
        pages = Int(capacity) / pageSize
        ends.reserveCapacity(Self.mostEnds)
    }

    /// The pipe's capacity in bytes.
    var capacity: Int { pages * pageSize }

    /// The bytes that it takes now without waiting. ``capacity`` means that it is empty.
    mutating func room() -> Int {
        // FIONREAD fails for nothing that can be written; then nothing is known.
        let unread = Int(cf_pcap_unread_bytes(descriptor))
        if unread == 0 { ends.removeAll(keepingCapacity: true) }
        ends.removeAll { $0 <= written - unread }
        if unread < 0 || ends.count == Self.mostEnds { return 0 }
        // One page more for the one that the reader has read in part.
        let used = unread == 0 ? 0 : (unread + pageSize - 1) / pageSize + ends.count + 1
        return max(pages - used, 0) * pageSize
    }

    mutating func noteWritten(_ count: Int) {
        written += count
        ends.append(written)
    }
}
