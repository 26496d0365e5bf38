@testable import Agent

/// A value in a log line: one line, whose value reads back as the bytes that were logged.
func fuzzLog(_ bytes: [UInt8]) {
    var line: [UInt8] = []
    Quoting.append(bytes, to: &line)
    require(line.allSatisfy { $0 >= 0x20 }, "a control character is left")
    if line.first == UInt8(ascii: "\"") {
        require(line.count >= 2 && line.last == UInt8(ascii: "\""), "a quotation does not end")
        require(unquoted(line.dropFirst().dropLast()) == bytes, "the value reads differently")
    } else {
        require(line == bytes, "a bare value was changed")
        require(!line.contains { [0x20, 0x22, 0x3D].contains($0) }, "a bare value cannot be told from what follows")
    }
    require(String(validating: line, as: UTF8.self) != nil, "the line is not UTF-8")
}

/// What stands between quotes, by the rules of Go's string literals; nil where it breaks them.
private func unquoted(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var rest = text
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\"") { return nil }
        guard byte == UInt8(ascii: "\\") else {
            bytes.append(byte)
            continue
        }
        guard let escaped = unescaped(&rest) else { return nil }
        bytes += escaped
    }
    return bytes
}

private func unescaped(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard let letter = rest.popFirst() else { return nil }
    switch letter {
    case UInt8(ascii: "a"): return [0x07]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "v"): return [0x0B]
    case UInt8(ascii: "\\"), UInt8(ascii: "\""): return [letter]
    case UInt8(ascii: "x"): return number(&rest, digits: 2).map { [UInt8($0)] }
    case UInt8(ascii: "u"): return number(&rest, digits: 4).flatMap(encoded)
    case UInt8(ascii: "U"): return number(&rest, digits: 8).flatMap(encoded)
    default: return nil
    }
}

private func number(_ rest: inout ArraySlice<UInt8>, digits: Int) -> UInt32? {
    guard rest.count >= digits else { return nil }
    defer { rest = rest.dropFirst(digits) }
    return UInt32(String(decoding: rest.prefix(digits), as: UTF8.self), radix: 16)
}

private func encoded(_ value: UInt32) -> [UInt8]? {
    Unicode.Scalar(value).map { [UInt8]($0.utf8) }
}
