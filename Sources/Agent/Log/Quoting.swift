/// How Go's `slog` text handler writes a value: bare where it can be told apart, else as `strconv.Quote` does. The rules
/// are those of log/slog/text_handler.go (needsQuoting) and strconv/quote.go, but for what is not ASCII: that is always
/// quoted and escaped, for to tell what can be printed takes Unicode's tables.
enum Quoting {
    static func append(_ value: some Collection<UInt8>, to line: inout [UInt8]) {
        if isNeeded(for: value) {
            appendQuoted(value, to: &line)
        } else {
            line.append(contentsOf: value)
        }
    }

    static func isNeeded(for value: some Collection<UInt8>) -> Bool {
        // slog counts DEL among the plain characters.
        value.isEmpty
            || value.contains { $0 <= 0x20 || $0 >= 0x80 || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\"") }
    }

    private static func appendQuoted(_ value: some Collection<UInt8>, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        var rest = value[...]
        var bytes = value.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        parsing: while true {
            switch parser.parseScalar(from: &bytes) {
            case .valid(let scalar):
                append(Unicode.UTF8.decode(scalar).value, to: &line)
                rest = rest.dropFirst(scalar.count)
            case .error(let length):
                for byte in rest.prefix(length) { line.append("\\x", hexadecimal: UInt32(byte), width: 2) }
                rest = rest.dropFirst(length)
            case .emptyInput: break parsing
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    private static func append(_ scalar: UInt32, to line: inout [UInt8]) {
        switch scalar {
        case 0x22, 0x5C: line += [0x5C, UInt8(scalar)]
        case 0x20...0x7E: line.append(UInt8(scalar))
        case 0x07...0x0D: line += [0x5C, ("abtnvfr" as ByteString).bytes[Int(scalar) - 0x07]]
        case 0..<0x80: line.append("\\x", hexadecimal: scalar, width: 2)
        case 0..<0x10000: line.append("\\u", hexadecimal: scalar, width: 4)
        default: line.append("\\U", hexadecimal: scalar, width: 8)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ escape: StaticString, hexadecimal value: UInt32, width: Int) {
        append(text: escape)
        for digit in (0..<width).reversed() {
            append(("0123456789abcdef" as ByteString).bytes[Int(value >> (4 * UInt32(digit)) & 0xF)])
        }
    }
}
