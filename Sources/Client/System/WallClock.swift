/// The time of day.
enum WallClock {
    /// Nanoseconds since 1970. The corresponding C function is `clock_gettime`.
    static func now() -> UInt64 {
        var time = timespec()
        // CLOCK_REALTIME exists everywhere, so the call cannot fail.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Returns a time as text, in UTC and with microseconds: `2026-11-30T08:00:00.123456Z` (RFC 3339).
    ///
    /// The corresponding C function is `gmtime_r`, which fails only for years beyond its range.
    static func text(_ nanoseconds: UInt64) -> String {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = unsafe tm()
        guard unsafe gmtime_r(&seconds, &parts) != nil else { return "\(nanoseconds) ns after 1970" }
        func digits(_ value: some BinaryInteger, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = unsafe [digits(parts.tm_year + 1900, 4), digits(parts.tm_mon + 1, 2), digits(parts.tm_mday, 2)]
        let time = unsafe [digits(parts.tm_hour, 2), digits(parts.tm_min, 2), digits(parts.tm_sec, 2)]
        let fraction = digits(nanoseconds % 1_000_000_000 / 1000, 6)
        return "\(date.joined(separator: "-"))T\(time.joined(separator: ":")).\(fraction)Z"
    }
}
