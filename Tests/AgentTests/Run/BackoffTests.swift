import Testing

@testable import Agent

@Suite("Waiting for what nothing announces")
struct BackoffTests {
    @Test
    func `begins short, grows with what was waited, and stays short enough not to be noticed`() {
        var backoff = Backoff()
        let waits = (0..<400).map { _ in backoff.next() }
        #expect(waits[0] == .microseconds(250))
        #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(waits.last == .milliseconds(32))
        // Asking costs a few microseconds: fewer than 100 times in the first 100 milliseconds.
        var waited = Duration.zero
        let count = waits.prefix { wait in
            defer { waited += wait }
            return waited < .milliseconds(100)
        }.count
        #expect((10..<100).contains(count))
    }
}
