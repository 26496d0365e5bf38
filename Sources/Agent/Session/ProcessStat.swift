/// What `/proc/PID/stat` says of a process (proc_pid_stat(5)): its command's name and its parent.
struct ProcessStat: Equatable {
    let name: ByteString
    let parent: Int

    /// Reads `PID (NAME) STATE PPID …`. The name may hold spaces and parentheses, so that it ends at the last one.
    init?(_ text: some BidirectionalCollection<UInt8>) {
        guard let open = text.firstIndex(of: UInt8(ascii: "(")),
            let close = text.lastIndex(of: UInt8(ascii: ")")), open < close
        else { return nil }
        name = ByteString(text[text.index(after: open)..<close])
        let fields = text[text.index(after: close)...].split(separator: UInt8(ascii: " "))
        guard fields.count >= 2, let parent = fields[1].decimal(upTo: UInt64(Int32.max)) else { return nil }
        self.parent = Int(parent)
    }
}
