import CLinux

/// The status of a process, from `/proc/PID/stat` (proc_pid_stat(5)).
struct ProcessStat: Equatable {
    /// The command name.
    let name: ByteString
    /// The process id of the parent; 0 if there is none.
    let parent: Int
    /// Whether the process ignores SIGHUP. Programs that it executes then ignore SIGHUP, too (signal(7)).
    let ignoresHangup: Bool

    /// Parses `PID (NAME) STATE PPID …`.
    ///
    /// The name ends at the last closing parenthesis, because it may contain spaces and parentheses.
    ///
    /// - Returns: nil if the text has another form.
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
