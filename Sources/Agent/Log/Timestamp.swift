import CLinux

/// A moment in the notation of RFC 3339, in UTC with milliseconds: `2026-11-19T09:08:07.006Z`.
///
/// The calendar is computed here because glibc's gmtime_r(3) opens the file that the variable `TZ` names. The user
/// chooses that file, and the process may hold a privilege or be in the sandbox.
struct Timestamp {
    /// The time since 1970-01-01T00:00:00Z.
    private let time: timespec

    /// Returns the present moment.
    ///
    /// The corresponding C function is `clock_gettime`.
    static func now() -> Timestamp {
        var time = timespec()
        // The clock exists on every Linux, so the call cannot fail.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(time)
    }

    /// Creates the moment that is `time` after 1970-01-01T00:00:00Z.
    init(_ time: timespec) {
        self.time = time
    }

    /// Appends the text of the moment to a line. Truncates to milliseconds.
    func append(to line: inout [UInt8]) {
        let (days, second) = Self.divide(time.tv_sec, by: 86_400)
        let date = CivilDate(daysSince1970: days)
        line.append(decimal: date.year, width: 4)
        append(separator: "-", date.month, to: &line)
        append(separator: "-", date.day, to: &line)
        append(separator: "T", second / 3600, to: &line)
        append(separator: ":", second / 60 % 60, to: &line)
        append(separator: ":", second % 60, to: &line)
        line.append(UInt8(ascii: "."))
        line.append(decimal: time.tv_nsec / 1_000_000, width: 3)
        line.append(UInt8(ascii: "Z"))
    }

    /// Appends a separator and a number of two digits.
    private func append(separator: Unicode.Scalar, _ value: Int, to line: inout [UInt8]) {
        line.append(UInt8(ascii: separator))
        line.append(decimal: value, width: 2)
    }

    /// Divides two integers so that the remainder is not negative.
    fileprivate static func divide(_ value: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// A date of the Gregorian calendar.
private struct CivilDate {
    let year: Int
    /// The month, 1 to 12.
    let month: Int
    /// The day of the month, 1 to 31.
    let day: Int

    /// Computes the date that is a number of days after 1970-01-01.
    ///
    /// The computation uses years that begin in March, so that a leap day is the last day of its year, and eras of 400
    /// years, which all have the same number of days.
    init(daysSince1970 days: Int) {
        let daysBefore1970 = 719_468  // from 0000-03-01 to 1970-01-01
        let (era, dayOfEra) = Timestamp.divide(days + daysBefore1970, by: 146_097)
        let leapDays = dayOfEra / 1460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // From March on, the months repeat the lengths 31, 30, 31, 30 and 31 days, 153 in all.
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }
}
