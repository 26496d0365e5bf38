/// The notation of texts in the log, which is that of Go's `slog` text handler: bare if unambiguous, otherwise in
/// quotes.
///
/// The rule for quotes follows log/slog/text_handler.go (`needsQuoting`), except that every text with a byte outside
/// ASCII is quoted. In quotes, each byte that is not printable ASCII is written as `\xNN`, which Go's `strconv.Unquote`
/// can read.
enum Quoting {
    /// Appends a text to a line, in quotes if necessary.
    static func append(_ value: some Collection<UInt8>, to line: inout [UInt8]) {
        if isNeeded(for: value) {
            line.append(UInt8(ascii: "\""))
            for byte in value { appendQuoted(byte, to: &line) }
            line.append(UInt8(ascii: "\""))
        } else {
            line.append(contentsOf: value)
        }
    }

    /// Returns whether a text needs quotes.
    static func isNeeded(for value: some Collection<UInt8>) -> Bool {
        // slog does not quote DEL (0x7F).
        value.isEmpty
            || value.contains { $0 <= 0x20 || $0 >= 0x80 || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\"") }
    }

    /// Appends a byte of a text in quotes.
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
