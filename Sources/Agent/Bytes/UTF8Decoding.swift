/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
enum UTF8Decoding {
    /// Removes the first scalar and returns it; removes one byte and returns nil where no well-formed sequence starts.
    /// `bytes` must not be empty.
    static func removeFirst<Bytes: Collection<UInt8>>(from bytes: inout Bytes) -> Unicode.Scalar?
    where Bytes.SubSequence == Bytes {
        let first = bytes.removeFirst()
        if first < 0x80 { return Unicode.Scalar(first) }
        guard let (count, leading, smallest) = sequence(startingWith: first) else { return nil }

        var value = leading
        var rest = bytes
        for _ in 0..<count {
            guard let next = rest.popFirst(), next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3F)
        }
        guard value >= smallest, let scalar = Unicode.Scalar(value) else { return nil }
        bytes = rest
        return scalar
    }

    /// How many bytes follow, the bits that `first` holds, and the smallest value that needs so many bytes.
    private static func sequence(startingWith first: UInt8) -> (count: Int, leading: UInt32, smallest: UInt32)? {
        switch first {
        case 0xC2...0xDF: (1, UInt32(first & 0x1F), 0x80)
        case 0xE0...0xEF: (2, UInt32(first & 0x0F), 0x800)
        case 0xF0...0xF4: (3, UInt32(first & 0x07), 0x10000)
        default: nil
        }
    }
}
