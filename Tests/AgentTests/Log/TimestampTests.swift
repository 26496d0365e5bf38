import CLinux
import Testing

@testable import Agent

@Suite("A time stamp")
struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.000Z"), (86_399, "1970-01-01T23:59:59.000Z"),
        (68_169_599, "1972-02-28T23:59:59.000Z"), (68_169_600, "1972-02-29T00:00:00.000Z"),
        (951_827_696, "2000-02-29T12:34:56.000Z"), (951_868_800, "2000-03-01T00:00:00.000Z"),
        (978_307_199, "2000-12-31T23:59:59.000Z"), (1_795_079_287, "2026-11-19T09:08:07.000Z"),
        (4_107_542_399, "2100-02-28T23:59:59.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799, "9999-12-31T23:59:59.000Z"), (-62_167_219_200, "0000-01-01T00:00:00.000Z"),
    ])
    func `is the date and the time of day in UTC`(_ seconds: Int, _ text: String) {
        #expect(Self.text(seconds: seconds) == text)
    }

    @Test(arguments: [
        (0, "000"), (999_999, "000"), (1_000_000, "001"), (6_000_000, "006"), (120_000_000, "120"),
        (999_999_999, "999"),
    ])
    func `is truncated to milliseconds`(_ nanoseconds: Int, _ milliseconds: String) {
        #expect(Self.text(seconds: 0, nanoseconds: nanoseconds) == "1970-01-01T00:00:00.\(milliseconds)Z")
    }

    @Test
    func `has the date that the C library computes, on days of five thousand years`() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            var seconds = Int.random(in: -62_167_219_200...95_617_584_000, using: &generator)
            var fields = unsafe tm()
            unsafe gmtime_r(&seconds, &fields)
            var text = [CChar](repeating: 0, count: 64)
            _ = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S.000Z", &fields)
            // strftime(3) does not pad the year.
            let expected = unsafe ByteString(cString: text).text
            #expect(Self.text(seconds: seconds) == String(repeating: "0", count: 24 - expected.count) + expected)
        }
    }

    @Test
    func `is the present moment`() {
        var before = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &before)
        let earliest = Self.text(seconds: before.tv_sec, nanoseconds: before.tv_nsec)
        var line: [UInt8] = []
        Timestamp.now().append(to: &line)
        let now = String(decoding: line, as: UTF8.self)
        let latest = Self.text(seconds: before.tv_sec + 60, nanoseconds: before.tv_nsec)
        // Times in UTC sort as text.
        #expect(earliest <= now)
        #expect(now <= latest)
    }

    private static func text(seconds: Int, nanoseconds: Int = 0) -> String {
        var line: [UInt8] = []
        Timestamp(timespec(tv_sec: seconds, tv_nsec: nanoseconds)).append(to: &line)
        return String(decoding: line, as: UTF8.self)
    }
}
