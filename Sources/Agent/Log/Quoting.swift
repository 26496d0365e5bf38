/// Writes values as Go's `slog` text handler does: bare if they are unambiguous, otherwise in quotes.
///
/// The rule for quotes is that of log/slog/text_handler.go (needsQuoting), except that a value with any byte that is not
/// ASCII is quoted, too. Inside the quotes each byte that is not printable ASCII becomes `\xNN`, which
/// `strconv.Unquote` reads like Go's own shorter escapes.
enum Quoting {
    /// Appends `value` to `line`.
    static func append(_ value: some Collection<UInt8>, to line: inout [UInt8]) {
        if isNeeded(for: value) {
            line.append(UInt8(ascii: "\""))
            for byte in value { appendQuoted(byte, to: &line) }
            line.append(UInt8(ascii: "\""))
        } else {
            line.append(contentsOf: value)
        }
    }

    /// Returns whether `value` could not be told apart from what surrounds it, or not be printed.
    static func isNeeded(for value: some Collection<UInt8>) -> Bool {
        // slog counts DEL among the plain characters.
        value.isEmpty
            || value.contains { $0 <= 0x20 || $0 >= 0x80 || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\"") }
    }

    private static func appendQuoted(_ byte: UInt8, to line: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): line += [UInt8(ascii: "\\"), byte]
        case 0x20...0x7E: line.append(byte)
        default:
            let digits = ("0123456789abcdef" as ByteString).bytes
            line.append(text: "\\x")
            line += [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
        }
    }
}
