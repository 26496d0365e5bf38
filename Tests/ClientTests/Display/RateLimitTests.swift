import Testing

@testable import Client

@Suite("An instance's allowance of lines")
struct RateLimitTests {
    @Test
    func `is a few at a time, and what is left out is counted`() {
        let start = ContinuousClock.now
        var allowance = RateLimit(at: start)
        let shown = (0..<100).filter { _ in allowance.take(at: start).isShown }
        #expect(shown.count == 20)
        #expect(allowance.omitted == 80)
        let later = allowance.take(at: start + .seconds(10))
        #expect(later == (true, 80))
        #expect(allowance.take(at: start + .seconds(10)) == (true, 0))
        #expect(allowance.omitted == 0)
    }
}
