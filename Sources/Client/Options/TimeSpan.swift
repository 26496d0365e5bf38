/// A length of time as people write it: `90`, `1.5s`, `5m`, `1h30m`.
enum TimeSpan {
    /// The longest time: 100 days, beyond what anybody captures; the sum of several parts stays far from an overflow.
    private static let limit = Duration.seconds(100 * 86_400)

    /// Returns the length of time that a text names, or nil if it names none. A number alone counts seconds.
    static func parse(_ text: String) -> Duration? {
        if let seconds = number(text[...]) { return duration(seconds, unit: 1) }
        var rest = text[...]
        var sum = Duration.zero
        repeat {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            let name = rest.dropFirst(digits.count).prefix { $0.isASCII && $0.isLetter }
            guard let value = number(digits), let unit = units[String(name)], let part = duration(value, unit: unit)
            else { return nil }
            sum += part
            rest = rest.dropFirst(digits.count + name.count)
        } while !rest.isEmpty
        return sum <= limit ? sum : nil
    }

    /// The value of `--duration`: more than 0.
    static func duration(_ text: String) throws(UsageError) -> Duration {
        guard let value = parse(text), value > .zero else { throw UsageError("write 60s, 5m or 1h") }
        return value
    }

    /// The value of `--after`: 0 or more.
    static func after(_ text: String) throws(UsageError) -> Duration {
        guard let value = parse(text) else { throw UsageError("write 500ms, 20s or 5m") }
        return value
    }

    /// The value of `--hold`.
    static func hold(_ text: String) throws(UsageError) -> Duration {
        guard let value = parse(text), value <= .seconds(longestHoldSeconds) else {
            throw UsageError("write 0 to \(longestHoldSeconds) seconds")
        }
        return value
    }

    /// The longest hold that can be asked for. A number, which the merge compares with at each run of records.
    static let longestHoldSeconds: Int64 = 60

    private static let units = ["ms": 0.001, "s": 1, "m": 60, "h": 3600]

    private static func number(_ text: Substring) -> Double? {
        // Double accepts more than people write here: signs, exponents, hexadecimal digits, "nan".
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }) else { return nil }
        return Double(text)
    }

    private static func duration(_ value: Double, unit: Double) -> Duration? {
        let seconds = value * unit
        return seconds <= 8_640_000 ? .milliseconds((seconds * 1000).rounded()) : nil
    }
}
