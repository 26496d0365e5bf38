import CLinux

/// Computes the number of bytes that a pipe certainly accepts, so that a write never splits a record.
///
/// A pipe consists of pages (pipe(7)). A write starts a new page, unless its last bytes fit into the last page. The
/// bytes of one write therefore occupy the pages that they fill and one more at most. So the number of unread bytes and
/// the number of writes they came from give an upper limit for the occupied pages, if no other process writes to the
/// pipe.
struct PipeFreeSpace {
    /// The descriptor of the pipe.
    private let descriptor: Int32
    /// The number of pages of the pipe.
    private let pageCount: Int
    /// The size of a page in bytes.
    private let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// The number of pages that are certainly free.
    private var freePages = 0
    /// The number of bytes written since the start.
    private var written = 0
    /// The values of ``written`` after each write whose bytes may be unread, the oldest first.
    private var writeEnds: [Int] = []

    /// Begins to count, and enlarges the pipe as far as the system allows, up to 1 MB, so that the agent and the reader
    /// wake up less often.
    ///
    /// The corresponding C function is `fcntl` with F_SETPIPE_SZ.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        let narrow = max(cf_pcap_pipe_capacity(descriptor), 4096)
        var wanted: Int32 = 1 << 20
        while wanted > narrow, cf_pcap_widen_pipe(descriptor, wanted) < 0 { wanted /= 2 }
        pageCount = Int(max(cf_pcap_pipe_capacity(descriptor), narrow)) / pageSize
        writeEnds.reserveCapacity(pageCount)
    }

    /// The capacity of the pipe in bytes.
    var capacity: Int { pageCount * pageSize }

    /// Returns the number of bytes that the pipe certainly accepts; ``capacity`` if the pipe is empty.
    ///
    /// - Parameter wanted: The number of bytes to write. The kernel is asked only if less space is known to be free.
    mutating func bytes(for wanted: Int) -> Int {
        if freePages * pageSize < wanted { update() }
        return freePages * pageSize
    }

    /// Asks the kernel for the number of unread bytes, and computes the number of free pages.
    ///
    /// The corresponding C function is `ioctl` with FIONREAD.
    private mutating func update() {
        // FIONREAD does not fail on a pipe. A result of -1 would count as no free pages.
        let unread = Int(cf_pcap_unread_bytes(descriptor))
        writeEnds.removeAll { unread == 0 || $0 <= written - unread }
        if unread == 0 {
            freePages = pageCount
        } else if unread < 0 || unread > written {
            // Other processes have filled the pipe, by an unknown number of writes.
            freePages = 0
        } else {
            // The reader may have read a part of the first page.
            let used = (unread + pageSize - 1) / pageSize + writeEnds.count + 1
            freePages = max(pageCount - used, 0)
        }
    }

    /// Counts a write of `count` bytes.
    mutating func noteWritten(_ count: Int) {
        written += count
        writeEnds.append(written)
        freePages -= min(freePages, (count + pageSize - 1) / pageSize)
    }
}
