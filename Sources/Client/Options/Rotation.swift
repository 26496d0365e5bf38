/// The limits of each file of a set: `100MB`, `10m`, or both as `100MB,10m`.
struct Rotation: Equatable, Sendable {
    /// The most bytes on disk; nil for no limit.
    private(set) var size: Int64?
    /// The longest time from a file's first packet to its end; nil for no limit.
    private(set) var time: Duration?

    /// The smallest limit, in bytes. Smaller files would hold little besides their headers.
    private static let smallestSize: Int64 = 10_000
    /// A thousand terabytes, beyond any disk that a capture is written to.
    private static let largestSize: Int64 = 1_000_000_000_000_000
    private static let longestTime = Duration.seconds(100 * 86_400)

    private static let remedy = "write a size as 100MB, a time as 10m, or both as 100MB,10m"

    /// Reads the value of `--rotate`. Throws UsageError with what to write instead.
    init(_ text: String) throws(UsageError) {
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let number = item.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            let unit = String(item.dropFirst(number.count))
            guard let value = Double(number), !number.isEmpty else { throw UsageError(Self.remedy) }
            if let bytes = Self.sizes[unit], size == nil {
                size = try Self.size(value * bytes)
            } else if let seconds = Self.times[unit], time == nil {
                time = try Self.time(value * seconds)
            } else {
                throw UsageError(Self.problem(of: unit, item))
            }
        }
    }

    private static func size(_ bytes: Double) throws(UsageError) -> Int64 {
        guard bytes >= Double(smallestSize), bytes <= Double(largestSize) else {
            throw UsageError("write a size of 10KB to 1000000GB")
        }
        return Int64(bytes)
    }

    private static func time(_ seconds: Double) throws(UsageError) -> Duration {
        guard seconds >= 1, seconds <= Double(longestTime.components.seconds) else {
            throw UsageError("write a time of 1s to 100d")
        }
        return .milliseconds(Int64(seconds * 1000))
    }

    private static func problem(of unit: String, _ item: Substring) -> String {
        switch unit {
        case "": "'\(item)' has no unit, \(remedy)"
        case "m", "s", "h", "d", "K", "M", "G", "KB", "MB", "GB": "'\(item)' is a second limit of its kind, \(remedy)"
        default: "'\(unit)' is not a unit, write K, M or G, or KB, MB or GB, or the times s, m, h or d"
        }
    }

    /// Powers of 1000, as disks are sold.
    private static let sizes = ["K": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9]
    private static let times = ["s": 1.0, "m": 60, "h": 3600, "d": 86_400]
}

extension Rotation: CustomStringConvertible {
    /// The limits in words: `100 MB or 10 minutes, whichever comes first`.
    var description: String {
        switch (size.map(Self.text), time.map(Self.text)) {
        case (let size?, let time?): "\(size) or \(time), whichever comes first"
        case (let limit?, nil), (nil, let limit?): limit
        case (nil, nil): "no limit"
        }
    }

    /// The exact number in the largest unit in which it is a whole one.
    private static func text(_ bytes: Int64) -> String {
        let units: [(String, Int64)] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("bytes", 1)]
        return text(bytes, units)
    }

    private static func text(_ time: Duration) -> String {
        let milliseconds = time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000
        let units: [(String, Int64)] = [
            ("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000), ("millisecond", 1),
        ]
        return text(milliseconds, units)
    }

    private static func text(_ value: Int64, _ units: [(String, Int64)]) -> String {
        for (name, size) in units where value.isMultiple(of: size) {
            let count = value / size
            let isWord = name.first?.isLowercase == true && !name.hasSuffix("s")
            return "\(count) \(name)\(isWord && count != 1 ? "s" : "")"
        }
        return "\(value)"
    }
}
