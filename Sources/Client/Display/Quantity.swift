/// Numbers as people read them.
enum Quantity {
    /// Returns a number with its digits in threes: `1,234,567`.
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "-\(text)" : text
    }

    /// Returns a number of bytes in powers of 1000: `1.2 MB`; `-` for one that is negative or no number.
    static func bytes(_ value: Double) -> String {
        guard value.isFinite, value >= 0 else { return "-" }
        var (value, unit) = (value, 0)
        // A value that rounds to 1000.0 takes the next unit.
        while value >= 999.95, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        if unit == 0 { return "\(Int(value.rounded())) B" }
        let tenths = Int((value * 10).rounded())
        return "\(count(tenths / 10)).\(tenths % 10) \(units[unit])"
    }

    /// Returns bytes per second: `1.2 MB/s`.
    static func rate(_ bytes: Double) -> String { self.bytes(bytes) + "/s" }

    /// A time in its largest whole unit: `3.2 s`, `61 minutes`.
    static func time(_ value: Duration) -> String {
        let tenths = value.components.seconds * 10 + value.components.attoseconds / 100_000_000_000_000_000
        switch value.components.seconds {
        case ..<120: return "\(tenths / 10).\(tenths % 10) s"
        case ..<7200: return "\(tenths / 600) minutes"
        case ..<172_800: return "\(tenths / 36_000) hours"
        default: return "\(count(Int(tenths / 864_000))) days"
        }
    }

    /// A time as a clock shows it, in whole seconds: `0:05`, `12:34`, `1:00:00`, `3 d 1:00:00`.
    static func clock(_ value: Duration) -> String {
        let seconds = value.components.seconds
        let (minutes, hours, days) = (seconds / 60 % 60, seconds / 3600 % 24, seconds / 86_400)
        func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if seconds < 3600 { return "\(minutes):\(padded(seconds % 60))" }
        return (days > 0 ? "\(days) d " : "") + "\(hours):\(padded(minutes)):\(padded(seconds % 60))"
    }

    /// Returns a number of packets with the noun: `1 packet`, `2 packets`.
    static func packets(_ value: Int) -> String { "\(count(value)) \(value == 1 ? "packet" : "packets")" }

    /// The first five of some texts, and how many more there are: `a, b, c, d, e and 7 more`.
    static func list(_ texts: [String]) -> String {
        let most = 5
        let rest = texts.count > most ? " and \(count(texts.count - most)) more" : ""
        return texts.prefix(most).joined(separator: ", ") + rest
    }

    private static let units = ["B", "kB", "MB", "GB", "TB"]
}
