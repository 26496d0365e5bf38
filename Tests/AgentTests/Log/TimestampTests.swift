import CLinux
import Testing

@testable import Agent

@Suite("Times of log lines")
struct TimestampTests {
    /// 2026-11-19 09:08:07.006 UTC.
    private static let moment = 1_795_079_287

    /// In a process of its own, for the time zone is the process's.
    @Test(arguments: [
        ("UTC", "2026-11-19T09:08:07.006Z"), ("", "2026-11-19T09:08:07.006Z"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-11-19T10:08:07.006+01:00"),
        ("<+0530>-5:30", "2026-11-19T14:38:07.006+05:30"),
        ("<-0330>3:30", "2026-11-19T05:38:07.006-03:30"), ("<-0030>0:30", "2026-11-19T08:38:07.006-00:30"),
        ("<+1245>-12:45", "2026-11-19T21:53:07.006+12:45"), ("EST5EDT,M3.2.0,M11.1.0", "2026-11-19T04:08:07.006-05:00"),
        ("<+14>-14", "2026-11-19T23:08:07.006+14:00"), ("<-12>12", "2026-11-18T21:08:07.006-12:00"),
    ])
    func `are local, with the zone's distance from UTC`(_ zone: String, _ text: String) async {
        await #expect(processExitsWith: .success) { [zone, text] in
            setVariable("TZ", to: zone)
            Timestamp.loadTimeZone()
            #expect(Self.text(seconds: Self.moment, nanoseconds: 6_000_000) == text)
        }
    }

    @Test(arguments: [
        (0, 0, "1970-01-01T00:00:00.000Z"), (0, 999_999, "1970-01-01T00:00:00.000Z"),
        (0, 1_000_000, "1970-01-01T00:00:00.001Z"), (0, 999_999_999, "1970-01-01T00:00:00.999Z"),
        (951_827_696, 120_000_000, "2000-02-29T12:34:56.120Z"), (4_102_444_799, 0, "2099-12-31T23:59:59.000Z"),
        (-1, 0, "1969-12-31T23:59:59.000Z"),
    ])
    func `have milliseconds, cut off and not rounded`(_ seconds: Int, _ nanoseconds: Int, _ text: String) async {
        await #expect(processExitsWith: .success) { [seconds, nanoseconds, text] in
            setVariable("TZ", to: "UTC")
            Timestamp.loadTimeZone()
            #expect(Self.text(seconds: seconds, nanoseconds: nanoseconds) == text)
        }
    }

    @Test
    func `are the present`() {
        var before = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &before)
        let earliest = Self.text(seconds: before.tv_sec, nanoseconds: before.tv_nsec)
        var line: [UInt8] = []
        Timestamp.now().append(to: &line)
        let now = String(decoding: line, as: UTF8.self)
        let latest = Self.text(seconds: before.tv_sec + 60, nanoseconds: before.tv_nsec)
        // RFC 3339 in one zone sorts as text.
        #expect(earliest <= now)
        #expect(now <= latest)
    }

    private static func text(seconds: Int, nanoseconds: Int) -> String {
        var line: [UInt8] = []
        Timestamp(timespec(tv_sec: seconds, tv_nsec: nanoseconds)).append(to: &line)
        return String(decoding: line, as: UTF8.self)
    }
}
