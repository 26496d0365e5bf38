/// Lines of another program in a form that no terminal takes for a command.
enum PrintableLine {
    /// A line of text: what is not printable is written as `\u{1b}`.
    static func text(_ line: ArraySlice<UInt8>) -> [UInt8] {
        if isPlain(line) { return Array(line) }
        return Array(String(decoding: line, as: UTF8.self).printable(limit: 10_000).utf8)
    }

    /// A line of JSON: what is not printable is written as an escape of JSON (RFC 8259, 7). JSON has such characters within
    /// strings only, so that the value is the same.
    static func json(_ line: ArraySlice<UInt8>) -> [UInt8] {
        if isPlain(line) { return Array(line) }
        var bytes: [UInt8] = []
        for scalar in String(decoding: line, as: UTF8.self).unicodeScalars {
            if scalar.isPrintable {
                bytes += Array(Character(scalar).utf8)
            } else {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    bytes += Array("\\u".utf8) + Array(String(repeating: "0", count: 4 - digits.count).utf8)
                    bytes += Array(digits.utf8)
                }
            }
        }
        return bytes
    }

    /// Whether a line has only printable characters of ASCII.
    private static func isPlain(_ line: ArraySlice<UInt8>) -> Bool {
        line.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
