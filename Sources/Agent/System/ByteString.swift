/// A string of bytes without an encoding, as the kernel and callers pass text.
///
/// The agent uses no `String`: Embedded Swift does not link the Unicode tables that comparing needs, and two `String`s
/// of different bytes can be equal.
public struct ByteString: Equatable, Sendable {
    var bytes: [UInt8]

    /// Creates a string of bytes.
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
    var count: Int { bytes.count }

    /// Whether all bytes are ASCII white space. True for an empty string.
    var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) } }

    mutating func append(_ other: ByteString) {
        bytes.append(contentsOf: other.bytes)
    }

    /// Returns whether the string begins with `prefix`.
    func hasPrefix(_ prefix: ByteString) -> Bool {
        bytes.starts(with: prefix.bytes)
    }

    /// Returns whether the string ends with `suffix`.
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

    /// The parts of the string between spaces, without empty ones.
    var words: [ByteString] { bytes.split(separator: UInt8(ascii: " ")).map { ByteString($0) } }

    /// The string for a message: its first 200 bytes, and `...` if it has more.
    var clipped: ByteString { count <= 200 ? self : "\(ByteString(bytes.prefix(200)))..." }

    /// Calls `body` with a NUL-terminated copy of the string. The copy is valid until `body` returns.
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
    /// Creates a string of a literal's UTF-8 bytes.
    public init(stringLiteral value: StaticString) {
        bytes = []
        bytes.append(text: value)
    }

    /// Creates a string of an interpolated literal's parts.
    public init(stringInterpolation: Interpolation) {
        bytes = stringInterpolation.bytes
    }

    /// The parts of an interpolated literal such as `"port \(number)"`, as the compiler appends them.
    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var bytes: [UInt8] = []

        /// Reserves memory for `literalCapacity` bytes of text and 16 bytes for each value.
        public init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        /// Appends the UTF-8 bytes of a text.
        public mutating func appendLiteral(_ literal: StaticString) {
            bytes.append(text: literal)
        }

        /// Appends the bytes of a string.
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
    /// Returns the strings in order, with `separator` between each two.
    public func joined(separator: ByteString) -> ByteString {
        var result: ByteString = ""
        for (index, element) in self.enumerated() {
            if index > 0 { result.append(separator) }
            result.append(element)
        }
        return result
    }
}
