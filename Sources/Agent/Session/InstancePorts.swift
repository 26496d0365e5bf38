/// The ports of this app instance, as the platform describes them in `CF_INSTANCE_PORTS`.
struct InstancePorts: Equatable {
    /// A port of the app and the port of the container's proxy (Envoy) that leads to it.
    struct Port: Equatable {
        /// The port inside the container, or nil if it is not described.
        var inside: UInt16?
        /// The proxy's port, or nil if no proxy leads to the port.
        var proxy: UInt16?
    }

    /// The descriptions, in the platform's order.
    private var ports: [Port] = []

    /// Parses `[{"internal":2222,"internal_tls_proxy":61002,…},…]`.
    ///
    /// Ignores other members, whose values may be any JSON.
    ///
    /// - Throws: An error with the offset of the fault.
    init(_ text: ByteString) throws(Failure) {
        var reader = Reader(text)
        try reader.readList("[", "]") { (reader) throws(Failure) in
            var port = Port()
            try reader.readList("{", "}") { (reader) throws(Failure) in
                let name = try reader.string()
                try reader.expect(":")
                switch name {
                case "internal": port.inside = try reader.port()
                case "internal_tls_proxy": port.proxy = try reader.port()
                default: try reader.skipValue()
                }
            }
            ports.append(port)
        }
        if reader.peek() != nil { throw reader.failure() }
    }

    /// Returns the proxy's port that leads to a port of the app, or nil if there is none.
    func proxyPort(for inside: UInt16) -> UInt16? {
        ports.first { $0.inside == inside && $0.proxy != nil }?.proxy
    }
}

/// A reader of JSON (RFC 8259) that finds members by name and skips other values.
private struct Reader {
    private let text: [UInt8]
    /// The index of the next byte.
    private var position = 0

    /// Creates a reader at the beginning of a text.
    init(_ text: ByteString) {
        self.text = text.bytes
    }

    /// Returns the error for unexpected text at the reader's position.
    func failure() -> Failure {
        Failure(position < text.count ? "unexpected text at byte \(position)" : "it ends too early")
    }

    /// Skips white space. Returns the next byte without consuming it, or nil at the end.
    mutating func peek() -> UInt8? {
        while position < text.count, text[position] <= 0x20 { position += 1 }
        return position < text.count ? text[position] : nil
    }

    /// Consumes `mark` if it is the next byte. Returns whether it is.
    private mutating func accept(_ mark: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: mark) else { return false }
        position += 1
        return true
    }

    /// Consumes `mark`.
    ///
    /// - Throws: An error if another byte is next.
    mutating func expect(_ mark: Unicode.Scalar) throws(Failure) {
        if !accept(mark) { throw failure() }
    }

    /// Consumes an array or an object.
    ///
    /// - Parameters:
    ///   - open: The bracket before the first element.
    ///   - close: The bracket after the last element.
    ///   - readElement: Consumes one element.
    /// - Throws: An error if the brackets or commas are not in place.
    mutating func readList(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ readElement: (inout Reader) throws(Failure) -> Void
    ) throws(Failure) {
        try expect(open)
        if accept(close) { return }
        repeat { try readElement(&self) } while accept(",")
        try expect(close)
    }

    /// Consumes a string and returns its characters. Does not replace escapes.
    mutating func string() throws(Failure) -> ByteString {
        try expect("\"")
        let start = position
        while position < text.count, text[position] != UInt8(ascii: "\"") {
            position += text[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < text.count else { throw failure() }
        position += 1
        return ByteString(text[start..<(position - 1)])
    }

    /// Consumes a port number and returns it, or nil for `null` and for 0, which the platform writes for no port.
    mutating func port() throws(Failure) -> UInt16? {
        guard peek() != nil else { throw failure() }
        let word = text[position...].prefix { $0 > 0x20 && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") }
        position = word.endIndex
        if ByteString(word) == "null" { return nil }
        guard let port = word.decimal(upTo: UInt64(UInt16.max)) else {
            throw Failure("'\(ByteString(word))' is no port")
        }
        return port == 0 ? nil : UInt16(port)
    }

    /// Consumes any value.
    mutating func skipValue() throws(Failure) {
        var depth = 0
        while let byte = peek(), depth > 0 || byte != UInt8(ascii: ",") && byte != UInt8(ascii: "}") {
            switch Unicode.Scalar(byte) {
            case "\"":
                _ = try string()
                continue
            case "[", "{": depth += 1
            case "]", "}": depth -= 1
            default: break
            }
            guard depth >= 0 else { throw failure() }
            position += 1
        }
    }
}
