@testable import Agent

/// Tests the quoting of values: a value stays on one line of the log, and its bytes can be read back.
func fuzzLog(_ bytes: [UInt8]) {
    var line: [UInt8] = []
    Quoting.append(bytes, to: &line)
    require(line.allSatisfy { (0x20...0x7F).contains($0) }, "a byte is left that is not ASCII, or a control character")
    if line.first == UInt8(ascii: "\"") {
        require(line.count >= 2 && line.last == UInt8(ascii: "\""), "a quotation does not end")
        require(unquoted(line.dropFirst().dropLast()) == bytes, "the value reads differently")
    } else {
        require(line == bytes, "a bare value was changed")
        require(!line.contains { [0x20, 0x22, 0x3D].contains($0) }, "a bare value cannot be told from what follows")
    }
}

/// Returns the bytes that a text in quotes stands for, or nil if it has an escape that the log does not use.
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
    case UInt8(ascii: "\\"), UInt8(ascii: "\""): return [letter]
    case UInt8(ascii: "x"):
        guard rest.count >= 2 else { return nil }
        defer { rest = rest.dropFirst(2) }
        return UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16).map { [$0] }
    default: return nil
    }
}
