import CLinux

/// Computes how many bytes a pipe is sure to accept at once, so that a reader that stops reading never splits a record.
///
/// A pipe holds pages, not bytes (pipe(7)): a write begins a new page unless its odd bytes fit behind the last one. So the
/// bytes of one write occupy the pages that they fill and at most one more, and the number of occupied pages follows from
/// the number of unread bytes and of the writes that they came from. This is true for a pipe to which nobody else writes.
struct PipeFreeSpace {
    private let descriptor: Int32
    private let pageCount: Int
    private let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// The number of pages that are sure to be free.
    private var freePages = 0
    /// The number of bytes that were written since the start.
    private var written = 0
    /// The values of ``written`` after the last writes, the oldest first.
    private var writeEnds: [Int] = []

    /// Widens the pipe as far as an unprivileged process may, which saves the reader and the agent wake-ups.
    /// The corresponding C function is `fcntl` with F_SETPIPE_SZ.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        let narrow = max(cf_pcap_pipe_capacity(descriptor), 4096)
        var wanted: Int32 = 1 << 20
        while wanted > narrow, cf_pcap_widen_pipe(descriptor, wanted) < 0 { wanted /= 2 }
        pageCount = Int(max(cf_pcap_pipe_capacity(descriptor), narrow)) / pageSize
        writeEnds.reserveCapacity(pageCount)
    }

    /// The pipe's capacity in bytes.
    var capacity: Int { pageCount * pageSize }

    /// Returns the number of bytes that the pipe is sure to accept without waiting; ``capacity`` if it is empty. Asks the
    /// kernel only if less than `wanted` bytes are known to be free.
    mutating func bytes(for wanted: Int) -> Int {
        if freePages * pageSize < wanted { update() }
        return freePages * pageSize
    }

    /// The corresponding C function is `ioctl` with FIONREAD.
    private mutating func update() {
        // FIONREAD does not fail on a pipe; if it did, -1 would leave no page that is sure to be free.
        let unread = Int(cf_pcap_unread_bytes(descriptor))
        writeEnds.removeAll { unread == 0 || $0 <= written - unread }
        if unread == 0 {
            freePages = pageCount
        } else if unread < 0 || unread > written {
            // Nobody knows in which writes others filled the pipe before.
            freePages = 0
        } else {
            // Counts one page more, because the reader may have read a part of one.
            let used = (unread + pageSize - 1) / pageSize + writeEnds.count + 1
            freePages = max(pageCount - used, 0)
        }
    }

    /// Notes a write of `count` bytes.
    mutating func noteWritten(_ count: Int) {
        written += count
        writeEnds.append(written)
        freePages -= min(freePages, (count + pageSize - 1) / pageSize)
    }
}
