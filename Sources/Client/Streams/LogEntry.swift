/// One line of the agent's log, as Go's `slog` text handler writes it: `time=… level=… msg=… name=value …`.
struct LogEntry: Equatable, Sendable {
    /// The level of a line.
    enum Level: String, Sendable {
        case debug = "DEBUG"
        case info = "INFO"
        case warn = "WARN"
        case error = "ERROR"
    }

    let level: Level
    let message: String
    /// The attributes behind the message, in order.
    let attributes: [Attribute]

    /// One `name=value`.
    struct Attribute: Equatable, Sendable {
        let name: String
        let value: String
    }

    /// Reads a line; nil if it is not a line of the log.
    init?(_ line: some Collection<UInt8>) {
        var scanner = LogScanner(line)
        guard let time = scanner.next(), time.name == "time",
            let level = scanner.next(), level.name == "level", let known = Level(rawValue: level.value),
            let message = scanner.next(), message.name == "msg"
        else { return nil }
        self.level = known
        self.message = message.value
        var attributes: [Attribute] = []
        while let attribute = scanner.next() {
            attributes.append(attribute)
        }
        guard scanner.isAtEnd else { return nil }
        self.attributes = attributes
    }

    /// The value of an attribute.
    subscript(_ name: String) -> String? {
        attributes.first { $0.name == name }?.value
    }
}
