/// A line of the log, in the text format of Go's `slog`: `time=… level=… msg=… name=value …`.
public struct LogLine {
    /// The text so far.
    private(set) var bytes: [UInt8] = []

    /// Empties the line and writes `time=`, `level=` and `msg=`. Keeps the memory that earlier lines have taken.
    mutating func start(_ level: StaticString, _ message: ByteString, at time: Timestamp) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(text: "time=")
        time.append(to: &bytes)
        bytes.append(text: " level=")
        bytes.append(text: level)
        bytes.append(text: " msg=")
        Quoting.append(message.bytes, to: &bytes)
    }

    /// Adds an attribute whose value is text, and quotes the value if it needs that. `name` must need no quotes.
    public mutating func add(_ name: StaticString, _ value: ByteString) {
        append(name: name)
        Quoting.append(value.bytes, to: &bytes)
    }

    /// Adds an attribute whose value is a number. `name` must need no quotes.
    public mutating func add(_ name: StaticString, _ value: some BinaryInteger) {
        append(name: name)
        bytes.append(decimal: value)
    }

    /// Ends the line.
    mutating func finish() {
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func append(name: StaticString) {
        bytes.append(UInt8(ascii: " "))
        bytes.append(text: name)
        bytes.append(UInt8(ascii: "="))
    }
}
