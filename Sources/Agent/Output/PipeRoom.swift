import CLinux

/// How many bytes a pipe is sure to take at once, so that a record is never cut by a reader that stops reading.
///
/// A pipe holds pages, not bytes (pipe(7)): a write begins a new page unless its odd bytes fit behind the last one. So
/// bytes that were written with one call take as many pages as they fill and one more at most, and the number of pages in
/// use follows from the number of unread bytes and of the writes that they came from. This holds for a pipe to which
/// nobody else writes meanwhile.
struct PipeRoom {
    private let descriptor: Int32
    private let pages: Int
    private let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Pages that are sure to be free.
    private var free = 0
    /// Bytes written since the start, and that count at the end of each of the last writes, the oldest first.
    private var written = 0
    private var ends: [Int] = []

    /// Widens the pipe as far as an unprivileged process may, to save the reader and the agent wake-ups.
    /// The corresponding C function is `fcntl` with F_SETPIPE_SZ.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        let narrow = max(cf_pcap_pipe_capacity(descriptor), 4096)
        var wanted: Int32 = 1 << 20
        while wanted > narrow, cf_pcap_widen_pipe(descriptor, wanted) < 0 { wanted /= 2 }
        pages = Int(max(cf_pcap_pipe_capacity(descriptor), narrow)) / pageSize
        ends.reserveCapacity(pages)
    }

    /// The pipe's capacity in bytes.
    var capacity: Int { pages * pageSize }

    /// Bytes that it is sure to take now without waiting. It is asked how much it holds only where less than `wanted` is
    /// sure. ``capacity`` means that it is empty.
    mutating func room(for wanted: Int) -> Int {
        if free * pageSize < wanted { ask() }
        return free * pageSize
    }

    /// The corresponding C function is `ioctl` with FIONREAD.
    private mutating func ask() {
        // FIONREAD does not fail on a pipe; if it did, -1 would leave no page that is sure to be free.
        let unread = Int(cf_pcap_unread_bytes(descriptor))
        ends.removeAll { unread == 0 || $0 <= written - unread }
        if unread == 0 {
            free = pages
        } else if unread < 0 || unread > written {
            // Nothing is known of how others wrote what was in it before.
            free = 0
        } else {
            // One page more for the one that the reader has read in part.
            let used = (unread + pageSize - 1) / pageSize + ends.count + 1
            free = max(pages - used, 0)
        }
    }

    mutating func noteWritten(_ count: Int) {
        written += count
        ends.append(written)
        free -= min(free, (count + pageSize - 1) / pageSize)
    }
}
