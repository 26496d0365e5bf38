extension [UInt8] {
    /// Appends a number in decimal digits.
    ///
    /// - Parameters:
    ///   - value: The number, which fits in 64 bits.
    ///   - width: The least number of digits. Leading zeros fill the rest.
    mutating func append(decimal value: some BinaryInteger, width: Int = 1) {
        if value < 0 { append(UInt8(ascii: "-")) }
        let start = count
        var rest = UInt64(value.magnitude)
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        while count - start < width { append(UInt8(ascii: "0")) }
        self[start...].reverse()
    }

    /// Appends the UTF-8 bytes of a literal.
    mutating func append(text: StaticString) {
        // The code units of a literal are constant and live as long as the program.
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

extension Collection<UInt8> {
    /// Parses a number in decimal digits.
    ///
    /// - Parameter limit: The largest number to accept.
    /// - Returns: The number, or nil if there are no bytes, a byte is no digit, or the number is larger than `limit`.
    func decimal(upTo limit: UInt64) -> UInt64? {
        guard !isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in self {
            guard let digit = byte.digit(radix: 10) else { return nil }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow, shifted <= limit, limit - shifted >= UInt64(digit) else { return nil }
            value = shifted + UInt64(digit)
        }
        return value
    }

    /// Parses a number in hexadecimal digits.
    ///
    /// - Returns: The number, or nil if there are no bytes, a byte is no digit, or there are more digits than a `Value`
    ///   needs.
    func hexadecimal<Value: FixedWidthInteger & UnsignedInteger>(as _: Value.Type) -> Value? {
        guard !isEmpty, count <= Value.bitWidth / 4 else { return nil }
        var value: Value = 0
        for byte in self {
            guard let digit = byte.digit(radix: 16) else { return nil }
            value = value << 4 | Value(digit)
        }
        return value
    }
}

extension UInt8 {
    /// Returns the value of an ASCII digit, or nil if the byte is no digit of `radix`.
    ///
    /// - Parameter radix: The base of the number, 16 at most.
    func digit(radix: UInt8) -> UInt8? {
        let value: UInt8
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): value = self - UInt8(ascii: "A") + 10
        default: return nil
        }
        return value < radix ? value : nil
    }
}
