/// A string of bytes of any values, in no particular encoding, as the kernel and callers pass them.
///
/// The agent has no other text. `String` needs Unicode tables for comparing and hashing, which Embedded Swift does not link,
/// and treats different bytes as equal.
public struct ByteString: Equatable, Sendable {
    var bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = [UInt8](bytes)
    }

    /// Copies a NUL-terminated C string without its NUL.
    init(cString: UnsafePointer<CChar>) {
        bytes = []
        var next = unsafe cString
        while unsafe next.pointee != 0 {
            unsafe bytes.append(UInt8(bitPattern: next.pointee))
            unsafe next += 1
        }
    }

    /// Whether the string has no bytes.
    public var isEmpty: Bool { bytes.isEmpty }
    /// The number of bytes.
    var count: Int { bytes.count }

    /// Whether the string has no bytes but ASCII white space.
    var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) } }

    mutating func append(_ other: ByteString) {
        bytes.append(contentsOf: other.bytes)
    }

    func hasPrefix(_ prefix: ByteString) -> Bool {
        bytes.starts(with: prefix.bytes)
    }

    func hasSuffix(_ suffix: ByteString) -> Bool {
        bytes.suffix(suffix.count).elementsEqual(suffix.bytes)
    }

    /// Returns whether the string contains `part`, at any offset.
    func contains(_ part: ByteString) -> Bool {
        guard part.count <= count else { return false }
        return (0...(count - part.count)).contains { start in
            bytes[start..<(start + part.count)].elementsEqual(part.bytes)
        }
    }

    /// The parts between spaces.
    var words: [ByteString] { bytes.split(separator: UInt8(ascii: " ")).map { ByteString($0) } }

    /// The first 200 bytes, as many as a message should repeat, and `...` if there are more.
    var clipped: ByteString { count <= 200 ? self : "\(ByteString(bytes.prefix(200)))..." }

    /// Calls `body` with a NUL-terminated copy, which is valid until `body` returns.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        var terminated = bytes.map { CChar(bitPattern: $0) }
        terminated.append(0)
        return unsafe terminated.withUnsafeBufferPointer { buffer in
            // An array with one element at least has a base address.
            unsafe body(buffer.baseAddress!)
        }
    }
}

extension ByteString: ExpressibleByStringInterpolation {
    /// Creates a string of a literal's UTF-8 code units.
    public init(stringLiteral value: StaticString) {
        bytes = []
        bytes.append(text: value)
    }

    /// Creates a string of a literal's UTF-8 code units and the values between them.
    public init(stringInterpolation: Interpolation) {
        bytes = stringInterpolation.bytes
    }

    /// A collector of the parts of `"…\(value)…"`.
    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var bytes: [UInt8] = []

        /// Reserves memory for a literal of that size.
        public init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        /// Appends a part of the literal.
        public mutating func appendLiteral(_ literal: StaticString) {
            bytes.append(text: literal)
        }

        /// Appends bytes unchanged.
        public mutating func appendInterpolation(_ value: ByteString) {
            bytes.append(contentsOf: value.bytes)
        }

        /// Appends a number in decimal digits.
        public mutating func appendInterpolation(_ value: some BinaryInteger) {
            bytes.append(decimal: value)
        }
    }
}

extension [ByteString] {
    /// Returns the elements in order, with `separator` between them.
    public func joined(separator: ByteString) -> ByteString {
        var result: ByteString = ""
        for (index, element) in self.enumerated() {
            if index > 0 { result.append(separator) }
            result.append(element)
        }
        return result
    }
}
