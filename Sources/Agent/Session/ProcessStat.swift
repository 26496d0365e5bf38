import CLinux

/// What `/proc/PID/stat` says of a process (proc_pid_stat(5)).
struct ProcessStat: Equatable {
    /// Its command's name.
    let name: ByteString
    let parent: Int
    /// Whether it ignores SIGHUP, as then do the processes that it starts.
    let ignoresHangup: Bool
    /// When it started, in clock ticks since the system did.
    let startTicks: UInt64?

    /// Reads `PID (NAME) STATE PPID …`. The name may hold spaces and parentheses, so that it ends at the last one.
    init?(_ text: some BidirectionalCollection<UInt8>) {
        guard let open = text.firstIndex(of: UInt8(ascii: "(")),
            let close = text.lastIndex(of: UInt8(ascii: ")")), open < close
        else { return nil }
        name = ByteString(text[text.index(after: open)..<close])
        let fields = text[text.index(after: close)...].split(separator: UInt8(ascii: " "))
        guard fields.count >= 2, let parent = fields[1].decimal(upTo: UInt64(Int32.max)) else { return nil }
        self.parent = Int(parent)
        // Fields 22, starttime, and 33, sigignore: a bit for each signal, from 1 on. The fields here begin with the third.
        startTicks = fields.count > 19 ? fields[19].decimal(upTo: .max) : nil
        let ignored = fields.count > 30 ? fields[30].decimal(upTo: .max) : nil
        ignoresHangup = (ignored ?? 0) & 1 << UInt64(SIGHUP - 1) != 0
    }

    /// When it started. The corresponding C function is `clock_gettime`.
    var start: Timestamp? {
        guard let startTicks else { return nil }
        var (time, sinceBoot) = (timespec(), timespec())
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        unsafe clock_gettime(CLOCK_BOOTTIME, &sinceBoot)
        let age = sinceBoot.tv_sec - Int(clamping: startTicks / UInt64(sysconf(Int32(_SC_CLK_TCK))))
        return Timestamp(timespec(tv_sec: time.tv_sec - age, tv_nsec: 0))
    }
}
