import Testing

@testable import Client

@Suite("Lengths of time")
struct TimeSpanTests {
    @Test(arguments: [
        ("60", Duration.seconds(60)), ("60s", .seconds(60)), ("1.5", .milliseconds(1500)),
        ("250ms", .milliseconds(250)),
        ("5m", .seconds(300)), ("1h30m", .seconds(5400)), ("1m30", nil), ("0", .zero), (".5s", .milliseconds(500)),
    ])
    func `are seconds, or have units`(text: String, duration: Duration?) {
        #expect(TimeSpan.parse(text) == duration)
    }

    @Test(arguments: [
        "", "s", "-1", "+1", "1d", "1 s", "1e3", "0x10", "nan", "inf", "1..5", ".", "1s1", "60S", "٣s", "2401h",
        "9999999999999999999999999999999s", "8640000s8640000s", String(repeating: "9", count: 400),
    ])
    func `are nothing else, and at most 100 days`(text: String) {
        #expect(TimeSpan.parse(text) == nil)
    }
}
