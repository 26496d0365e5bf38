import Testing

@testable import Agent

@Suite("A counter of libpcap")
struct WrappingCounterTests {
    @Test(
        arguments: [
            ([], 0), ([0], 0), ([5], 5), ([5, 5], 5), ([5, 7], 7), ([.max], 4_294_967_295),
            ([.max, 0], 4_294_967_296), ([.max, 5], 4_294_967_301), ([.max, 0, .max, 0], 8_589_934_592),
            ([4_000_000_000, 1_000_000_000], 5_294_967_296),
        ] as [([UInt32], UInt64)])
    func `is followed after it has wrapped`(_ values: [UInt32], _ total: UInt64) {
        var counter = WrappingCounter()
        for value in values { counter.advance(to: value) }
        #expect(counter.total == total)
    }
}
