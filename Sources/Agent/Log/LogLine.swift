/// A line of the log, in the text format of Go's `slog`: `time=… level=… msg=… name=value …`.
public struct LogLine {
    /// The bytes of the line so far.
    private(set) var bytes: [UInt8] = []

    /// Empties the line and begins it with `time=`, `level=` and `msg=`.
    mutating func start(_ level: StaticString, _ message: ByteString, at time: Timestamp) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(text: "time=")
        time.append(to: &bytes)
        bytes.append(text: " level=")
        bytes.append(text: level)
        bytes.append(text: " msg=")
        Quoting.append(message.bytes, to: &bytes)
    }

    /// Adds an attribute with a text, in quotes if necessary.
    ///
    /// - Parameters:
    ///   - name: The name, which must need no quotes.
    ///   - value: The text.
    public mutating func add(_ name: StaticString, _ value: ByteString) {
        append(name: name)
        Quoting.append(value.bytes, to: &bytes)
    }

    /// Adds an attribute with a number.
    ///
    /// - Parameters:
    ///   - name: The name, which must need no quotes.
    ///   - value: The number.
    public mutating func add(_ name: StaticString, _ value: some BinaryInteger) {
        append(name: name)
        bytes.append(decimal: value)
    }

    /// Ends the line with a newline.
    mutating func finish() {
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Appends a space, a name and `=`.
    private mutating func append(name: StaticString) {
        bytes.append(UInt8(ascii: " "))
        bytes.append(text: name)
        bytes.append(UInt8(ascii: "="))
    }
}
