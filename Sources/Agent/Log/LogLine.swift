/// One line of the log, in the text format of Go's `slog`: `time=… level=… msg=… name=value …`.
public struct LogLine {
    private(set) var bytes: [UInt8] = []

    mutating func start(_ level: StaticString, _ message: ByteString, at time: Timestamp) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(text: "time=")
        time.append(to: &bytes)
        bytes.append(text: " level=")
        bytes.append(text: level)
        bytes.append(text: " msg=")
        Quoting.append(message.bytes, to: &bytes)
    }

    /// Adds an attribute of bytes, quoted where needed. `name` needs no quoting.
    public mutating func add(_ name: StaticString, _ value: ByteString) {
        append(name: name)
        Quoting.append(value.bytes, to: &bytes)
    }

    /// Adds an attribute that is a number.
    public mutating func add(_ name: StaticString, _ value: some BinaryInteger) {
        append(name: name)
        bytes.append(decimal: value)
    }

    mutating func finish() {
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func append(name: StaticString) {
        bytes.append(UInt8(ascii: " "))
        bytes.append(text: name)
        bytes.append(UInt8(ascii: "="))
    }
}
