import Testing

@testable import Agent

/// Every row was checked against Go's strconv.
@Suite("Values of flags, as Go's strconv reads them")
struct FlagValueTests {
    @Test(arguments: ["1", "t", "T", "true", "TRUE", "True"])
    func `is on`(_ text: String) {
        #expect(FlagValue.boolean(ByteString(text: text)) == true)
    }

    @Test(arguments: ["0", "f", "F", "false", "FALSE", "False"])
    func `is off`(_ text: String) {
        #expect(FlagValue.boolean(ByteString(text: text)) == false)
    }

    @Test(arguments: ["", "maybe", "yes", "no", "on", "2", "01", "tRUE", "truE", " true", "true "])
    func `is neither on nor off`(_ text: String) {
        #expect(FlagValue.boolean(ByteString(text: text)) == nil)
    }

    @Test(arguments: [
        ("0", 0), ("1", 1), ("65535", 65535), ("-1", -1), ("+1", 1), ("-0", 0), ("00", 0),
        ("0x10", 16), ("0X1f", 31), ("0xFF", 255), ("0b101", 5), ("0B11", 3), ("0o17", 15), ("0O17", 15), ("017", 15),
        ("-0b1", -1), ("+0o7", 7),
        ("1_000", 1000), ("0x_ff", 255), ("0xf_f", 255), ("0o_7", 7), ("0b1_0", 2), ("0_7", 7),
        ("9223372036854775807", .max), ("0x7fffffffffffffff", .max), ("0777777777777777777777", .max),
        ("-9223372036854775808", .min), ("-0x8000000000000000", .min),
    ])
    func `is a whole number`(_ text: String, _ value: Int) {
        #expect(FlagValue.integer(ByteString(text: text)) == .value(value))
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
        "0x8000000000000000", "01000000000000000000000", "99999999999999999999", "-99999999999999999999",
    ])
    func `is out of range`(_ text: String) {
        #expect(FlagValue.integer(ByteString(text: text)) == .outOfRange)
    }

    @Test(arguments: [
        "", "-", "+", "abc", " 1", "1 ", "- 1", "--1", "+-1", "0-1", "1.0", "1e3", "1,000", "９",
        "08", "0x", "0b", "0o", "0b2", "0o8", "0xg", "0x-1", "0x1p4",
        "_1", "1_", "1__0", "-_1", "0_", "0__7", "0x_", "_", "0x__f",
    ])
    func `is no number`(_ text: String) {
        #expect(FlagValue.integer(ByteString(text: text)) == .malformed)
    }
}
