/// Lists of TCP ports.
extension [UInt16] {
    /// The ports in decimal digits, with commas between them.
    var commaSeparated: ByteString { map { "\($0)" }.joined(separator: ",") }

    /// The ports in their order, without repetitions.
    var distinct: [UInt16] {
        var result: [UInt16] = []
        for port in self where !result.contains(port) { result.append(port) }
        return result
    }
}
