/// Advises users who give an unknown flag: a flag of tcpdump or a misspelt one.
enum FlagHint {
    /// The flags of tcpdump that its users often give, and the advice for each.
    private static let counterparts: [(names: [ByteString], advice: ByteString)] = [
        (["i"], "did you mean -interface?"),
        (["w"], "the capture goes to standard output, which '> FILE' puts into a file"),
        (["c"], "'timeout -s INT SECONDS' in front of the command ends a capture by itself"),
        (["s", "s0"], "did you mean -snaplen?"),
        (["n", "nn", "A", "X"], "leave it out, packets are written as they come, and nothing is looked up"),
        (["vv", "vvv"], "did you mean -v?"),
    ]

    /// Returns `: ` and the advice for an unknown flag, or an empty string if there is no advice.
    ///
    /// - Parameters:
    ///   - name: The flag's name without dashes.
    ///   - interfaces: The names of the interfaces, which are the advice for `-D`.
    static func text(for name: ByteString, interfaces: [ByteString]) -> ByteString {
        if name == "D" { return ": the interfaces are \(interfaces.joined(separator: ", "))" }
        if let (_, advice) = counterparts.first(where: { $0.names.contains(name) }) { return ": \(advice)" }
        // One letter in four may be wrong, missing or too many.
        let ownFlags = FlagDefinition.all.map { $0.name } + ["version", "help"]
        let meant = ownFlags.first { distance(from: name.bytes, to: $0.bytes) <= $0.count / 4 }
        return meant.map { ": did you mean -\($0)?" } ?? ""
    }

    /// Returns Levenshtein's distance: the least number of bytes to replace, insert or remove that turns `name` into
    /// `flag`.
    private static func distance(from name: [UInt8], to flag: [UInt8]) -> Int {
        // `row[n]` is the distance from the bytes of `name` so far to the first n bytes of `flag`.
        var row = Array(0...flag.count)
        // A name of more than twice the length is too far from the flag, whatever its other bytes.
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
