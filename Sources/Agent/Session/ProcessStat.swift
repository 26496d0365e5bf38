import CLinux

/// The status of a process, as `/proc/PID/stat` shows it (proc_pid_stat(5)).
struct ProcessStat: Equatable {
    /// The name of its command.
    let name: ByteString
    /// The process id of its parent; 0 if it has none.
    let parent: Int
    /// Whether the process ignores SIGHUP, as do the processes that it starts (signal(7)).
    let ignoresHangup: Bool

    /// Parses `PID (NAME) STATE PPID …`; nil if the text is anything else. The name may hold spaces and parentheses: it
    /// ends at the last one.
    init?(_ text: some BidirectionalCollection<UInt8>) {
        guard let open = text.firstIndex(of: UInt8(ascii: "(")),
            let close = text.lastIndex(of: UInt8(ascii: ")")), open < close
        else { return nil }
        name = ByteString(text[text.index(after: open)..<close])
        let fields = text[text.index(after: close)...].split(separator: UInt8(ascii: " "))
        guard fields.count >= 2, let parent = fields[1].decimal(upTo: UInt64(Int32.max)) else { return nil }
        self.parent = Int(parent)
        // Field 33, sigignore, has a bit for each signal, from 1 on. `fields` begins with the third.
        let ignored = fields.count > 30 ? fields[30].decimal(upTo: .max) : nil
        ignoresHangup = (ignored ?? 0) & 1 << UInt64(SIGHUP - 1) != 0
    }
}
