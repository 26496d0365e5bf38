/// Reads the attributes of a log line, `name=value` each; values may be quoted as Go's `strconv.Quote` does.
struct LogScanner {
    private var rest: ArraySlice<UInt8>

    init(_ line: some Collection<UInt8>) {
        rest = Array(line)[...]
    }

    /// Whether all of the line was taken.
    var isAtEnd: Bool { rest.isEmpty }

    /// Takes the next attribute off the line and returns it; nil at the end, or if no attribute stands there.
    mutating func next() -> LogEntry.Attribute? {
        guard let equals = rest.firstIndex(of: UInt8(ascii: "=")), equals > rest.startIndex,
            rest[..<equals].allSatisfy({ $0.isPrintableASCII && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\"") })
        else { return nil }
        let name = String(decoding: rest[..<equals], as: UTF8.self)
        var ahead = self
        ahead.rest = rest[(equals + 1)...]
        guard let value = ahead.takeValue() else { return nil }
        self = ahead
        return LogEntry.Attribute(name: name, value: value)
    }

    private mutating func takeValue() -> String? {
        if rest.first == UInt8(ascii: "\"") {
            rest.removeFirst()
            guard let value = takeQuoted() else { return nil }
            guard rest.isEmpty || rest.first == UInt8(ascii: " ") else { return nil }
            rest = rest.dropFirst()
            return value
        }
        let value = rest.prefix { $0 != UInt8(ascii: " ") }
        rest = rest[value.endIndex...].dropFirst()
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func takeQuoted() -> String? {
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"): guard takeEscape(into: &value) else { return nil }
            default: value.append(byte)
            }
        }
        return nil
    }

    private mutating func takeEscape(into value: inout [UInt8]) -> Bool {
        guard let kind = rest.popFirst() else { return false }
        switch kind {
        case UInt8(ascii: "x"):
            guard let code = takeHexadecimal(2) else { return false }
            value.append(UInt8(code))
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            guard let code = takeHexadecimal(kind == UInt8(ascii: "u") ? 4 : 8), let scalar = Unicode.Scalar(code)
            else { return false }
            value.append(contentsOf: String(scalar).utf8)
        default:
            guard let plain = Self.plainEscapes[kind] else { return false }
            value.append(plain)
        }
        return true
    }

    private mutating func takeHexadecimal(_ digits: Int) -> UInt32? {
        let text = rest.prefix(digits)
        rest = rest[text.endIndex...]
        guard text.count == digits, text.first != UInt8(ascii: "+"), text.first != UInt8(ascii: "-") else { return nil }
        return UInt32(String(decoding: text, as: UTF8.self), radix: 16)
    }

    private static let plainEscapes: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 0x07, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A,
        UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "v"): 0x0B,
        UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "\""): UInt8(ascii: "\""),
    ]
}
