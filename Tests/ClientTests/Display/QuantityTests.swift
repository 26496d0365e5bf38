import Testing

@testable import Client

@Suite("Quantities")
struct QuantityTests {
    @Test(arguments: [
        (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000"),
        (Int.min, "-9,223,372,036,854,775,808"),
    ])
    func `are counted in threes`(value: Int, text: String) {
        #expect(Quantity.count(value) == text)
    }

    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1049, "1.0 kB"), (1051, "1.1 kB"), (999_949, "999.9 kB"),
        (999_950, "1.0 MB"), (1e9, "1.0 GB"), (5e15, "5,000.0 TB"), (999.97, "1.0 kB"), (-1, "-"), (.nan, "-"),
        (.infinity, "-"),
    ])
    func `of bytes have three digits or so`(value: Double, text: String) {
        #expect(Quantity.bytes(value) == text)
    }

    @Test(arguments: [
        (0, "0:00"), (59.9, "0:59"), (754, "12:34"), (3599, "59:59"), (3600, "1:00:00"), (86_399, "23:59:59"),
        (90_061, "1 d 1:01:01"),
    ])
    func `of time are shown as by a clock`(seconds: Double, text: String) {
        #expect(Quantity.clock(.seconds(seconds)) == text)
    }

    @Test
    func `of packets have a plural`() {
        #expect(Quantity.packets(1) == "1 packet")
        #expect(Quantity.packets(2000) == "2,000 packets")
    }
}
