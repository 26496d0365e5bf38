import Subprocess
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

    /// The failure that is told at the last of these seconds, with a check at each.
    private func told(lookingAt seconds: some Sequence<Int>) -> String? {
        guard case .silent(let failure)?? = seconds.map({ progress.silence(at: start + .seconds($0)) }).last else {
            return nil
        }
        return failure.reason
    }

    private func isStalled(at seconds: Int) -> Bool {
        if case .stalled? = progress.silence(at: start + .seconds(seconds)) { true } else { false }
    }

    private func outcome() -> Session.Outcome {
        progress.outcome(of: .signaled(9), request: .web0)
    }

    private func log(_ line: String) {
        _ = progress.withLog { $0.append(Array("time=2026-11-30T01:00:00.000Z level=INFO msg=\(line)".utf8)) }
    }

    @Test
    func `has 5 seconds from each byte after the stop`() {
        progress.stop(at: start)
        #expect(!isStalled(at: 4))
        progress.noteActivity(at: start + .seconds(4))
        #expect(!isStalled(at: 8))
        #expect(isStalled(at: 9))
    }

    @Test
    func `is not killed after the stop while the output takes nothing of what it sends`() {
        progress.stop(at: start)
        progress.isHeldBack = true
        #expect((1...20).allSatisfy { !isStalled(at: $0) })
        progress.isHeldBack = false
        progress.noteActivity(at: start + .seconds(20))
        #expect(!isStalled(at: 24) && isStalled(at: 25))
    }

    @Test
    func `that has not begun is hinted at after 8 seconds, unless something was heard of it`() {
        let silent = SessionProgress(StreamID(number: 0))
        #expect(silent.hint(at: start + .seconds(7)) == nil)
        #expect(silent.hint(at: start + .seconds(9))?.reason == "no capture began within 8 seconds")
        #expect(progress.hint(at: start + .seconds(9)) == nil, "it has begun")
        _ = silent.withLog { $0.append(Array("cf-pcap 1.0.0".utf8)) }
        #expect(silent.hint(at: start + .seconds(9)) == nil, "its agent has spoken")
    }

    @Test
    func `that has not begun by the stop is killed after 2 seconds`() {
        let silent = SessionProgress(StreamID(number: 0))
        silent.stop(at: start)
        #expect(silent.silence(at: start + .seconds(1)) == nil)
        guard case .stalled? = silent.silence(at: start + .seconds(2)) else {
            Issue.record("not killed")
            return
        }
    }

    @Test
    func `has no more time after the stop for what it logs`() {
        progress.stop(at: start)
        for second in 1...4 { progress.noteLogActivity(at: start + .seconds(second)) }
        #expect(isStalled(at: 5))
    }

    @Test(arguments: [
        ("capturing packets=150", "at least 50 packets lost"), ("capturing packets=101", "at least 1 packet lost"),
        ("capturing packets=100", "its last packets may be missing"), ("x", "its last packets may be missing"),
        (#""stopped capture" packets=150"#, ": 50 packets lost"),
    ])
    func `that was killed after the stop tells the number that is lost, as far as it is known`(
        line: String, loss: String
    ) {
        _ = progress.count(100, bytes: 10_000)
        log(line)
        progress.stop(at: start)
        progress.kill(.stalled)
        progress.kill(.endOfDrain)
        guard case .failed(let failure) = outcome() else {
            Issue.record("not the first reason")
            return
        }
        #expect(failure.reason.hasPrefix("nothing came for 5 seconds after the stop: "))
        #expect(failure.reason.hasSuffix(loss))
    }

    @Test
    func `may send after the stop what an agent holds, and no more`() {
        let most = SessionState.mostBytesAfterStop
        #expect(progress.count(1, bytes: most * 10) == nil, "before the stop there is no limit")
        progress.stop(at: start)
        #expect(progress.count(1, bytes: most) == nil)
        let failure = progress.count(1, bytes: 1)
        #expect(failure?.kind == .cut && failure?.reason.contains("64.0 MB after the stop") == true)
    }

    @Test
    func `may send no packet behind those that its agent has counted at its end`() {
        _ = progress.count(100, bytes: 1000)
        progress.stop(at: start)
        log(#""stopped capture" packets=150 bytes=1 dropped=0 truncated=0 lost=20"#)
        #expect(progress.count(30, bytes: 1000) == nil)
        #expect(progress.count(20, bytes: 1000) == nil)
        #expect(progress.count(1, bytes: 10) != nil)
    }

    @Test
    func `of which nothing is wanted after the stop is not measured`() {
        progress.stop(at: start, isWanted: false)
        #expect(progress.count(1, bytes: SessionState.mostBytesAfterStop * 2) == nil)
    }

    @Test
    func `that is killed when its agent has ended and all packets have come is complete`() {
        _ = progress.count(100, bytes: 10_000)
        progress.stop(at: start)
        log(#""stopped capture" packets=100 bytes=1 dropped=0 truncated=0"#)
        progress.kill(.stalled)
        guard case .complete = outcome() else {
            Issue.record("nothing is missing")
            return
        }
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
