extension [UInt8] {
    /// Appends `value` in decimal digits, with leading zeros up to `width` digits.
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

    mutating func append(text: StaticString) {
        // A string literal's code units are constant and live as long as the program.
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

extension Collection<UInt8> {
    /// The value of a run of decimal digits, nothing else, no larger than `limit`; nil otherwise.
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

    /// The value of a run of hexadecimal digits that fits `Value`; nil otherwise.
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
    /// The value of an ASCII digit in `radix`, 16 at most.
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
