import Testing

@testable import Client

@Suite("What is known of a session")
struct SessionProgressTests {
    private let progress: SessionProgress
    private let start = ContinuousClock.now

    init() {
        progress = SessionProgress(StreamID(number: 0))
        progress.begin()
        _ = progress.withLog { $0.append(Array(#"cf-pcap 1.0.0"#.utf8)) }
    }

    /// What is told of it at the last of these seconds, looked at in each.
    private func told(lookingAt seconds: some Sequence<Int>) -> String? {
        seconds.map { progress.silence(at: start + .seconds($0)) }.last??.reason
    }

    @Test
    func `of which nothing is heard for 15 seconds is cut`() {
        #expect(told(lookingAt: 1...15) == nil)
        #expect(told(lookingAt: [16]) == "nothing was heard of the session for 15 seconds")
    }

    @Test
    func `that nobody could listen to, for this process stood still, has 15 seconds from then on`() {
        #expect(told(lookingAt: [1, 2, 40]) == nil)
        #expect(told(lookingAt: 41...55) == nil)
        #expect(told(lookingAt: [56]) != nil)
    }
}
