/// A value of JSON (RFC 8259). Numbers are kept as they are written.
indirect enum JSON: Equatable {
    case null
    case boolean(Bool)
    case number(ByteString)
    case string(ByteString)
    case array([JSON])
    case object([Member])

    struct Member: Equatable {
        let name: ByteString
        let value: JSON
    }

    /// The value of the last member of that name; nil where there is none or it is no object.
    func member(_ name: ByteString) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }
}

/// Reads one JSON text, to the letter of RFC 8259: what it does not allow is refused.
struct JSONReader {
    /// What was wrong, and how many bytes stand before it.
    struct Malformation: Error, Equatable {
        let description: StaticString
        let offset: Int

        static func == (left: Malformation, right: Malformation) -> Bool { left.offset == right.offset }
    }

    /// How deep arrays and objects may stand in each other; each level takes some of the stack.
    static let deepest = 64

    private let text: [UInt8]
    private var position = 0
    private var depth = 0

    private init(_ text: [UInt8]) {
        self.text = text
    }

    static func read(_ text: [UInt8]) throws(Malformation) -> JSON {
        var reader = JSONReader(text)
        let value = try reader.value()
        guard reader.next == nil else { throw reader.malformation("something follows the value") }
        return value
    }

    /// The byte at the position, nil at the end.
    private var next: UInt8? { position < text.count ? text[position] : nil }

    private func malformation(_ description: StaticString) -> Malformation {
        Malformation(description: description, offset: position)
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || (0x09...0x0A).contains(byte) || byte == 0x0D { position += 1 }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(Malformation) -> JSON {
        skipSpace()
        let value = try bareValue()
        skipSpace()
        return value
    }

    private mutating func bareValue() throws(Malformation) -> JSON {
        switch next {
        case UInt8(ascii: "{"): return try nested { (reader) throws(Malformation) in try reader.object() }
        case UInt8(ascii: "["): return try nested { (reader) throws(Malformation) in try reader.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw malformation("it ends where a value should stand")
        case UInt8(ascii: "-"): return .number(try number())
        case let byte? where byte.digit(radix: 10) != nil: return .number(try number())
        default: throw malformation("no value starts like this")
        }
    }

    private mutating func nested(
        _ read: (inout JSONReader) throws(Malformation) -> JSON
    ) throws(Malformation) -> JSON {
        guard depth < Self.deepest else { throw malformation("it is nested too deeply") }
        depth += 1
        position += 1
        let value = try read(&self)
        depth -= 1
        return value
    }

    private mutating func array() throws(Malformation) -> JSON {
        var elements: [JSON] = []
        skipSpace()
        if skip(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try value())
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "]")) else { throw malformation("a comma or ] should stand here") }
        return .array(elements)
    }

    private mutating func object() throws(Malformation) -> JSON {
        var members: [JSON.Member] = []
        skipSpace()
        if skip(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw malformation("a name in quotes should stand here") }
            let name = try string()
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw malformation("a colon should stand here") }
            members.append(JSON.Member(name: name, value: try value()))
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "}")) else { throw malformation("a comma or } should stand here") }
        return .object(members)
    }

    private mutating func word(_ word: ByteString, _ value: JSON) throws(Malformation) -> JSON {
        guard text[position...].starts(with: word.bytes) else { throw malformation("no value starts like this") }
        position += word.count
        return value
    }

    private mutating func number() throws(Malformation) -> ByteString {
        let start = position
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        if skip(UInt8(ascii: ".")) { try digits() }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits()
        }
        return ByteString(text[start..<position])
    }

    private mutating func digits() throws(Malformation) {
        let start = position
        while let byte = next, byte.digit(radix: 10) != nil { position += 1 }
        guard position > start else { throw malformation("a digit should stand here") }
    }

    private mutating func string() throws(Malformation) -> ByteString {
        var result: ByteString = ""
        position += 1
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return result
            case UInt8(ascii: "\\"):
                position += 1
                try appendEscape(to: &result)
            case 0..<0x20:
                throw malformation("a control character stands in a string")
            default:
                var rest = text[position...]
                guard UTF8Decoding.removeFirst(from: &rest) != nil else { throw malformation("it is not UTF-8") }
                result.bytes.append(contentsOf: text[position..<rest.startIndex])
                position = rest.startIndex
            }
        }
        throw malformation("it ends inside a string")
    }

    private mutating func appendEscape(to result: inout ByteString) throws(Malformation) {
        guard let byte = next else { throw malformation("it ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): result.bytes.append(contentsOf: UTF8.encode(try escapedScalar())!)
        default: throw malformation("no escape is written like this")
        }
    }

    /// The scalar behind `\u`; a surrogate pair takes two escapes. Half a pair alone is U+FFFD, as RFC 8259 leaves open.
    private mutating func escapedScalar() throws(Malformation) -> Unicode.Scalar {
        let unit = try escapedUnit()
        if UTF16.isLeadSurrogate(unit), text[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
            let before = position
            position += 2
            let trail = try escapedUnit()
            if UTF16.isTrailSurrogate(trail) {
                let value = 0x10000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(trail) & 0x3FF
                return Unicode.Scalar(value) ?? "\u{FFFD}"
            }
            position = before
        }
        return Unicode.Scalar(UInt32(unit)) ?? "\u{FFFD}"
    }

    private mutating func escapedUnit() throws(Malformation) -> UInt16 {
        let digits = text[position...].prefix(4)
        guard digits.count == 4, let unit = digits.hexadecimal(as: UInt16.self) else {
            throw malformation("four hexadecimal digits should stand here")
        }
        position += 4
        return unit
    }
}
