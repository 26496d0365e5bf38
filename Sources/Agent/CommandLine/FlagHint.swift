/// Tells users of tcpdump, and those who misspell a flag, which flag they may want.
enum FlagHint {
    /// tcpdump's flags, as its users often write them, and the advice for each.
    private static let counterparts: [(names: [ByteString], advice: ByteString)] = [
        (["i"], "did you mean -interface?"),
        (["w"], "the capture goes to standard output, which '> FILE' puts into a file"),
        (["c"], "'timeout -s INT SECONDS' in front of the command ends a capture by itself"),
        (["s", "s0"], "did you mean -snaplen?"),
        (["n", "nn", "A", "X"], "leave it out, packets are written as they come, and nothing is looked up"),
        (["vv", "vvv"], "did you mean -v?"),
    ]
    private static let ownFlags: [ByteString] = ["interface", "snaplen", "filter", "version", "help"]

    /// Returns `: ` and the advice, or nothing if the flag is not known to anybody. `interfaces` answer tcpdump's `-D`.
    static func text(for name: ByteString, interfaces: [ByteString]) -> ByteString {
        if name == "D" { return ": the interfaces are \(interfaces.joined(separator: ", "))" }
        if let (_, advice) = counterparts.first(where: { $0.names.contains(name) }) { return ": \(advice)" }
        // One letter in four may be wrong, left out or added.
        let meant = ownFlags.first { distance(from: name.bytes, to: $0.bytes) <= $0.count / 4 }
        return meant.map { ": did you mean -\($0)?" } ?? ""
    }

    /// Returns the number of bytes to replace, insert or remove that turn `name` into `flag` (Levenshtein's distance).
    private static func distance(from name: [UInt8], to flag: [UInt8]) -> Int {
        // `row[n]` is the distance from what has been read of `name` to the first n bytes of `flag`.
        var row = Array(0...flag.count)
        // A long name is far from every flag; its end need not be read.
        for byte in name.prefix(2 * flag.count) {
            var diagonal = row[0]
            row[0] += 1
            for index in 1...flag.count {
                let replaced = diagonal + (flag[index - 1] == byte ? 0 : 1)
                diagonal = row[index]
                row[index] = min(replaced, row[index] + 1, row[index - 1] + 1)
            }
        }
        return row[flag.count]
    }
}
