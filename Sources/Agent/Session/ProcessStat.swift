import CLinux

/// What `/proc/PID/stat` says of a process (proc_pid_stat(5)).
struct ProcessStat: Equatable {
    /// Its command's name.
    let name: ByteString
    let parent: Int
    /// Whether it ignores SIGHUP, as then do the processes that it starts.
    let ignoresHangup: Bool

    /// Reads `PID (NAME) STATE PPID …`. The name may hold spaces and parentheses, so that it ends at the last one.
    init?(_ text: some BidirectionalCollection<UInt8>) {
        guard let open = text.firstIndex(of: UInt8(ascii: "(")),
            let close = text.lastIndex(of: UInt8(ascii: ")")), open < close
        else { return nil }
        name = ByteString(text[text.index(after: open)..<close])
        let fields = text[text.index(after: close)...].split(separator: UInt8(ascii: " "))
        guard fields.count >= 2, let parent = fields[1].decimal(upTo: UInt64(Int32.max)) else { return nil }
        self.parent = Int(parent)
        // Field 33, sigignore: a bit for each signal, from 1 on. The fields here begin with the third.
        let ignored = fields.count > 30 ? fields[30].decimal(upTo: .max) : nil
        ignoresHangup = (ignored ?? 0) & 1 << UInt64(SIGHUP - 1) != 0
    }
}
