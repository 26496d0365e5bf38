import Testing

@testable import Agent

/// Of a capture that is to end at `begin`, when the kernel had captured 100 packets.
@Suite("The end of a capture")
struct EndingTests {
    private static let begin = MonotonicClock.Instant(sinceStart: .seconds(1000))

    /// How far a capture is `after` milliseconds since the end was asked for, the output having taken nothing for `idle`
    /// milliseconds.
    private static func progress(
        after: Int64, handedOver: UInt64 = 100, ring: Fill = .empty, queue: Fill = .empty, idle: Int64 = 0
    ) -> Ending.Progress {
        Ending.Progress(
            now: begin + Duration.milliseconds(after), handedOver: handedOver, isRingEmpty: ring == .empty,
            isQueueEmpty: queue == .empty, lastTaken: begin + Duration.milliseconds(after - idle))
    }

    enum Fill: CaseIterable {
        case empty, holdsSome
    }

    private static func ending(captured: UInt64 = 100) -> Ending {
        Ending(at: begin, captured: captured)
    }

    // MARK: Nothing is lost

    @Test(arguments: [0, 1, 999, 4499, 4500, 100_000] as [Int64])
    func `is there as soon as all that was captured by then has been taken, whenever that is`(_ after: Int64) {
        for handedOver in [100, 101, 5000] as [UInt64] {
            for ring in Fill.allCases {
                let progress = Self.progress(after: after, handedOver: handedOver, ring: ring, idle: after)
                #expect(Self.ending().decide(progress) == .done)
            }
        }
        #expect(Self.ending(captured: 0).decide(Self.progress(after: after, handedOver: 0)) == .done)
    }

    @Test
    func `waits for what the output has not taken yet`() {
        for after in stride(from: 0, to: 4500, by: 100) as StrideTo<Int64> {
            #expect(Self.ending().decide(Self.progress(after: after, queue: .holdsSome, idle: 50)) == .goOn)
        }
    }

    @Test
    func `waits for what is still in the ring`() {
        for after in stride(from: 0, to: 4500, by: 100) as StrideTo<Int64> {
            let progress = Self.progress(after: after, handedOver: 99, ring: .holdsSome)
            #expect(Self.ending().decide(progress) == .goOn)
            #expect(!Self.ending().hasAll(progress))
        }
    }

    @Test
    func `waits for the kernel to retire the block that it is filling, and not for ever`() {
        let ending = Self.ending()
        #expect(ending.decide(Self.progress(after: 0, handedOver: 99)) == .goOn)
        #expect(ending.decide(Self.progress(after: 799, handedOver: 99)) == .goOn)
        #expect(ending.decide(Self.progress(after: 800, handedOver: 99)) == .done)
    }

    @Test
    func `wants nothing more of the ring once all that was captured by then has been handed over`() {
        for ring in Fill.allCases {
            #expect(Self.ending().hasAll(Self.progress(after: 0, ring: ring, queue: .holdsSome)))
            #expect(!Self.ending().hasAll(Self.progress(after: 0, handedOver: 99, ring: ring, queue: .holdsSome)))
        }
    }

    // MARK: The reader

    @Test(arguments: [50, 100] as [UInt64])
    func `gives up a reader that took nothing for a second`(_ handedOver: UInt64) {
        let ending = Self.ending()
        for after in [1000, 2000, 4499] as [Int64] {
            func decision(_ idle: Int64) -> Ending.Decision {
                let progress = Self.progress(
                    after: after, handedOver: handedOver, ring: .holdsSome, queue: .holdsSome, idle: idle)
                return ending.decide(progress)
            }
            #expect(decision(0) == .goOn)
            #expect(decision(999) == .goOn)
            #expect(decision(1000) == .giveUp(.readerTookNothing))
            #expect(decision(1_000_000) == .giveUp(.readerTookNothing))
        }
    }

    @Test
    func `gives a reader that stood still before a second from then on`() {
        let ending = Self.ending()
        #expect(ending.decide(Self.progress(after: 0, queue: .holdsSome, idle: 60_000)) == .goOn)
        #expect(ending.decide(Self.progress(after: 999, queue: .holdsSome, idle: 60_000)) == .goOn)
        #expect(
            ending.decide(Self.progress(after: 1000, queue: .holdsSome, idle: 60_000)) == .giveUp(.readerTookNothing))
    }

    @Test
    func `does not blame a reader that has nothing to take`() {
        let progress = Self.progress(after: 2000, handedOver: 99, ring: .holdsSome, idle: 60_000)
        #expect(Self.ending().decide(progress) == .goOn)
    }

    @Test(arguments: [0, 500, 999] as [Int64])
    func `gives up a reader that did not take all within four and a half seconds`(_ idle: Int64) {
        for handedOver in [50, 100] as [UInt64] {
            func decision(_ after: Int64) -> Ending.Decision {
                let progress = Self.progress(
                    after: after, handedOver: handedOver, ring: .holdsSome, queue: .holdsSome, idle: idle)
                return Self.ending().decide(progress)
            }
            #expect(decision(4499) == .goOn)
            #expect(decision(4500) == .giveUp(.readerTooSlow))
            #expect(decision(60_000) == .giveUp(.readerTooSlow))
        }
    }

    // MARK: A second signal

    /// Of an end that a signal asked for, which others have followed: `after` milliseconds of each.
    private static func signalled(_ times: [Int64]) -> (ending: Ending, ends: [Bool]) {
        var ending = ending()
        let ends = times.map { ending.noteSignal(at: begin + Duration.milliseconds($0)) }
        return (ending, ends)
    }

    @Test(arguments: [(0, false), (1, false), (199, false), (200, true), (201, true), (4000, true)] as [(Int64, Bool)])
    func `comes at once with a second signal, unless that is the first one over again`(_ after: Int64, _ isEnd: Bool) {
        let (ending, ends) = Self.signalled([0, after])
        #expect(ends == [false, isEnd])
        let progress = Self.progress(after: after, handedOver: 50, ring: .holdsSome, queue: .holdsSome)
        #expect(ending.decide(progress) == (isEnd ? .giveUp(.secondSignal) : .goOn))
    }

    @Test
    func `comes with a third signal where the second was the first one over again`() {
        let (ending, ends) = Self.signalled([0, 100, 190, 300, 310])
        #expect(ends == [false, false, false, true, true])
        #expect(ending.decide(Self.progress(after: 310, queue: .holdsSome)) == .giveUp(.secondSignal))
    }

    /// A session that ends asks for the end, and the daemon may send a signal a moment later.
    @Test
    func `does not come with the first signal where something else asked for it`() {
        let (ending, ends) = Self.signalled([1500])
        #expect(ends == [false])
        #expect(ending.decide(Self.progress(after: 1500, queue: .holdsSome)) == .goOn)
        #expect(Self.signalled([1500, 1600, 1700]).ends == [false, false, true])
    }

    @Test
    func `is no loss with a second signal where nothing was left`() {
        #expect(Self.signalled([0, 300]).ending.decide(Self.progress(after: 300)) == .done)
    }

    // MARK: All cases

    @Test
    func `has come within four and a half seconds, whatever happens`() {
        for (ending, progress) in Self.everyCase(after: [4500, 4501, 10_000]) {
            #expect(ending.decide(progress) != .goOn)
        }
    }

    /// Whoever waits until then misses nothing.
    @Test
    func `is not decided otherwise before the next decision`() {
        for (ending, progress) in Self.everyCase(after: [0, 1, 99, 199, 500, 799, 800, 999, 1000, 3499, 3500, 4499]) {
            let next = ending.nextDecision(progress)
            #expect(next > progress.now)
            let decision = ending.decide(progress)
            let hasAll = ending.hasAll(progress)
            guard decision == .goOn else { continue }
            var later = progress
            while later.now < next {
                defer { later.now = later.now + .milliseconds(1) }
                guard ending.decide(later) == decision, ending.hasAll(later) == hasAll else {
                    Issue.record("\(later) of \(ending) is not as \(progress), before \(next)")
                    return
                }
            }
        }
    }

    private static func everyCase(after times: [Int64]) -> [(Ending, Ending.Progress)] {
        var cases: [(Ending, Ending.Progress)] = []
        for after in times {
            for handedOver in [99, 100] as [UInt64] {
                for idle in [0, 500, 999, 1000, 5000] as [Int64] {
                    for (ring, queue) in everyFill {
                        let progress = progress(
                            after: after, handedOver: handedOver, ring: ring, queue: queue, idle: idle)
                        cases.append((ending(), progress))
                    }
                }
            }
        }
        return cases
    }

    private static let everyFill: [(Fill, Fill)] = [
        (.empty, .empty), (.empty, .holdsSome), (.holdsSome, .empty), (.holdsSome, .holdsSome),
    ]

    // MARK: Words

    @Test
    func `is explained, each kind in words of its own`() {
        let reasons: [Ending.Reason] = [.readerTookNothing, .readerTooSlow, .secondSignal]
        let words = reasons.map { $0.description.text }
        #expect(Set(words).count == 3)
        #expect(words.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
        #expect(words[0].contains("1 s"))
        #expect(words[1].contains("4.5 s"))
        #expect(words[2].contains("second signal"))
    }
}
