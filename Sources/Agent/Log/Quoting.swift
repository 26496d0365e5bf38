/// How Go's `slog` text handler writes a value: bare where it can be told apart, else as `strconv.Quote` does.
/// The rules are those of log/slog/text_handler.go (needsQuoting) and strconv/quote.go.
enum Quoting {
    static func append(_ value: some Collection<UInt8>, to line: inout [UInt8]) {
        if isNeeded(for: value) {
            appendQuoted(value, to: &line)
        } else {
            line.append(contentsOf: value)
        }
    }

    static func isNeeded(for value: some Collection<UInt8>) -> Bool {
        if value.isEmpty { return true }
        var rest = value[...]
        while let byte = rest.first {
            if byte < 0x80 {
                rest.removeFirst()
                // slog counts DEL among the plain characters.
                if byte <= 0x20 || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "\"") { return true }
            } else {
                // slog asks for the rune U+FFFD, which is what it decodes an invalid byte to.
                guard let scalar = UTF8Decoding.removeFirst(from: &rest) else { return true }
                if scalar == "\u{FFFD}" || !isPrintable(scalar) { return true }
            }
        }
        return false
    }

    static func appendQuoted(_ value: some Collection<UInt8>, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        var rest = value[...]
        while let byte = rest.first {
            if let scalar = UTF8Decoding.removeFirst(from: &rest) {
                appendEscaped(scalar, to: &line)
            } else {
                line.append(text: "\\x")
                line.append(hexadecimal: UInt32(byte), width: 2)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    private static func appendEscaped(_ scalar: Unicode.Scalar, to line: inout [UInt8]) {
        switch scalar {
        case "\"": line.append(text: "\\\"")
        case "\\": line.append(text: "\\\\")
        case _ where isPrintable(scalar): line.append(contentsOf: UTF8.encode(scalar)!)
        case "\u{07}": line.append(text: "\\a")
        case "\u{08}": line.append(text: "\\b")
        case "\u{0C}": line.append(text: "\\f")
        case "\n": line.append(text: "\\n")
        case "\r": line.append(text: "\\r")
        case "\t": line.append(text: "\\t")
        case "\u{0B}": line.append(text: "\\v")
        case "\0"..<" ", "\u{7F}":
            line.append(text: "\\x")
            line.append(hexadecimal: scalar.value, width: 2)
        case _ where scalar.value < 0x10000:
            line.append(text: "\\u")
            line.append(hexadecimal: scalar.value, width: 4)
        default:
            line.append(text: "\\U")
            line.append(hexadecimal: scalar.value, width: 8)
        }
    }

    /// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (" "..."~").contains(scalar) }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .nonspacingMark, .spacingMark, .enclosingMark,
            .decimalNumber, .letterNumber, .otherNumber,
            .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation,
            .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
            return true
        default:
            return false
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(hexadecimal value: UInt32, width: Int) {
        for digit in (0..<width).reversed() {
            let nibble = UInt8(truncatingIfNeeded: value >> (4 * UInt32(digit))) & 0xF
            append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}
