import CLinux

/// A moment as RFC 3339 writes it, with milliseconds, in the local time zone.
@safe struct Timestamp {
    private let fields: tm
    private let milliseconds: Int

    /// Reads the time zone (`TZ`, else `/etc/localtime`) for all later timestamps. The C function is `tzset`.
    static func loadTimeZone() {
        tzset()
    }

    /// The present moment. The corresponding C functions are `clock_gettime` and `localtime_r`.
    static func now() -> Timestamp {
        var time = timespec()
        // CLOCK_REALTIME exists on every Linux, so the call cannot fail.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(time)
    }

    init(_ time: timespec) {
        var seconds = time.tv_sec
        var local = unsafe tm()
        // It fails only for a year that an Int32 does not hold, and then leaves the fields zero.
        unsafe localtime_r(&seconds, &local)
        unsafe fields = local
        milliseconds = time.tv_nsec / 1_000_000
    }

    func append(to line: inout [UInt8]) {
        unsafe line.append(decimal: Int(fields.tm_year) + 1900, width: 4)
        unsafe append(separator: "-", fields.tm_mon + 1, to: &line)
        unsafe append(separator: "-", fields.tm_mday, to: &line)
        unsafe append(separator: "T", fields.tm_hour, to: &line)
        unsafe append(separator: ":", fields.tm_min, to: &line)
        unsafe append(separator: ":", fields.tm_sec, to: &line)
        line.append(UInt8(ascii: "."))
        line.append(decimal: milliseconds, width: 3)
        appendOffset(to: &line)
    }

    private func appendOffset(to line: inout [UInt8]) {
        let minutes = unsafe fields.tm_gmtoff / 60
        guard minutes != 0 else { return line.append(UInt8(ascii: "Z")) }
        line.append(minutes < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        line.append(decimal: minutes.magnitude / 60, width: 2)
        append(separator: ":", Int32(minutes.magnitude % 60), to: &line)
    }

    private func append(separator: Unicode.Scalar, _ value: Int32, to line: inout [UInt8]) {
        line.append(UInt8(ascii: separator))
        line.append(decimal: value, width: 2)
    }
}
