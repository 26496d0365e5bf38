/// The values of flags as Go's `strconv` reads them.
enum FlagValue {
    /// As `strconv.ParseBool`.
    static func boolean(_ text: ByteString) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    enum Integer: Equatable {
        case value(Int)
        case malformed
        case outOfRange
    }

    /// As `strconv.ParseInt` with base 0: a sign, `0x`, `0o`, `0b` or a leading `0` for octal, and single underscores
    /// between digits or behind the prefix.
    static func integer(_ text: ByteString) -> Integer {
        var rest = text.bytes[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let (radix, hasPrefix) = removeRadix(from: &rest)
        guard let digits = digits(of: rest, radix: radix, behindPrefix: hasPrefix) else { return .malformed }

        var magnitude = 0
        for digit in digits {
            let (shifted, overflow) = magnitude.multipliedReportingOverflow(by: Int(radix))
            // Built up downwards, so that the smallest value fits too.
            let (sum, overflowOfSum) = shifted.subtractingReportingOverflow(Int(digit))
            if overflow || overflowOfSum { return .outOfRange }
            magnitude = sum
        }
        if isNegative { return .value(magnitude) }
        return magnitude == .min ? .outOfRange : .value(-magnitude)
    }

    private static func removeRadix(from text: inout ArraySlice<UInt8>) -> (radix: UInt8, hasPrefix: Bool) {
        guard text.first == UInt8(ascii: "0"), text.count >= 2 else { return (10, false) }
        text.removeFirst()
        let radix: UInt8
        switch text.first.map({ $0 | 0x20 }) {
        case UInt8(ascii: "x"): radix = 16
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "b"): radix = 2
        default: return (8, true)
        }
        text.removeFirst()
        return (radix, true)
    }

    /// The values of the digits; nil where there is none, or anything else among them.
    private static func digits(of text: ArraySlice<UInt8>, radix: UInt8, behindPrefix: Bool) -> [UInt8]? {
        var digits: [UInt8] = []
        var lastWasDigit = behindPrefix
        for byte in text {
            if byte == UInt8(ascii: "_") {
                guard lastWasDigit else { return nil }
                lastWasDigit = false
            } else {
                guard let digit = byte.digit(radix: radix) else { return nil }
                digits.append(digit)
                lastWasDigit = true
            }
        }
        return digits.isEmpty || !lastWasDigit ? nil : digits
    }
}
