import Testing

@testable import Agent

/// The capture is stopped at `start`, when the kernel has captured 100 packets.
@Suite("A drain")
struct DrainTests {
    private static let start = MonotonicClock.Instant(sinceStart: .seconds(1000))

    /// Returns the progress `after` milliseconds since the stop, if the output has accepted nothing for `idle`
    /// milliseconds.
    private static func progress(
        after: Int64, packetsRead: UInt64 = 100, ring: Fill = .empty, queue: Fill = .empty, idle: Int64 = 0
    ) -> Drain.Progress {
        Drain.Progress(
            now: start + Duration.milliseconds(after), packetsRead: packetsRead, isRingEmpty: ring == .empty,
            isQueueEmpty: queue == .empty, lastOutputProgress: start + Duration.milliseconds(after - idle))
    }

    enum Fill: CaseIterable {
        case empty, holdsSome
    }

    private static func drain(captured: UInt64 = 100) -> Drain {
        Drain(start: start, captured: captured)
    }

    // MARK: Nothing is lost

    @Test(arguments: [0, 1, 999, 4499, 4500, 100_000] as [Int64])
    func `is done as soon as all packets captured before the stop are written`(_ after: Int64) {
        for packetsRead in [100, 101, 5000] as [UInt64] {
            for ring in Fill.allCases {
                let progress = Self.progress(after: after, packetsRead: packetsRead, ring: ring, idle: after)
                #expect(Self.drain().decide(progress) == .done)
            }
        }
        #expect(Self.drain(captured: 0).decide(Self.progress(after: after, packetsRead: 0)) == .done)
    }

    @Test
    func `waits for the output to accept what was read`() {
        for after in stride(from: 0, to: 4500, by: 100) as StrideTo<Int64> {
            #expect(Self.drain().decide(Self.progress(after: after, queue: .holdsSome, idle: 50)) == .keepDraining)
        }
    }

    @Test
    func `waits for packets that are in the ring`() {
        for after in stride(from: 0, to: 4500, by: 100) as StrideTo<Int64> {
            let progress = Self.progress(after: after, packetsRead: 99, ring: .holdsSome)
            #expect(Self.drain().decide(progress) == .keepDraining)
            #expect(!Self.drain().hasAllPackets(progress))
        }
    }

    @Test
    func `waits up to 800 ms for the kernel to retire the block that it fills`() {
        let drain = Self.drain()
        #expect(drain.decide(Self.progress(after: 0, packetsRead: 99)) == .keepDraining)
        #expect(drain.decide(Self.progress(after: 799, packetsRead: 99)) == .keepDraining)
        #expect(drain.decide(Self.progress(after: 800, packetsRead: 99)) == .done)
    }

    @Test
    func `has all packets once those captured before the stop are read`() {
        for ring in Fill.allCases {
            #expect(Self.drain().hasAllPackets(Self.progress(after: 0, ring: ring, queue: .holdsSome)))
            let early = Self.progress(after: 0, packetsRead: 99, ring: ring, queue: .holdsSome)
            #expect(!Self.drain().hasAllPackets(early))
        }
    }

    // MARK: The reader

    @Test(arguments: [50, 100] as [UInt64])
    func `is abandoned if the output accepts nothing for a second`(_ packetsRead: UInt64) {
        let drain = Self.drain()
        for after in [1000, 2000, 4499] as [Int64] {
            func decision(_ idle: Int64) -> Drain.Decision {
                let progress = Self.progress(
                    after: after, packetsRead: packetsRead, ring: .holdsSome, queue: .holdsSome, idle: idle)
                return drain.decide(progress)
            }
            #expect(decision(0) == .keepDraining)
            #expect(decision(999) == .keepDraining)
            #expect(decision(1000) == .abandon(.outputStalled))
            #expect(decision(1_000_000) == .abandon(.outputStalled))
        }
    }

    @Test
    func `gives one second to an output that was stalled before the stop`() {
        let drain = Self.drain()
        #expect(drain.decide(Self.progress(after: 0, queue: .holdsSome, idle: 60_000)) == .keepDraining)
        #expect(drain.decide(Self.progress(after: 999, queue: .holdsSome, idle: 60_000)) == .keepDraining)
        #expect(
            drain.decide(Self.progress(after: 1000, queue: .holdsSome, idle: 60_000)) == .abandon(.outputStalled))
    }

    @Test
    func `does not count as stalled an output that has nothing to accept`() {
        let progress = Self.progress(after: 2000, packetsRead: 99, ring: .holdsSome, idle: 60_000)
        #expect(Self.drain().decide(progress) == .keepDraining)
    }

    @Test(arguments: [0, 500, 999] as [Int64])
    func `is abandoned if the output does not accept all within four and a half seconds`(_ idle: Int64) {
        for packetsRead in [50, 100] as [UInt64] {
            func decision(_ after: Int64) -> Drain.Decision {
                let progress = Self.progress(
                    after: after, packetsRead: packetsRead, ring: .holdsSome, queue: .holdsSome, idle: idle)
                return Self.drain().decide(progress)
            }
            #expect(decision(4499) == .keepDraining)
            #expect(decision(4500) == .abandon(.outputTooSlow))
            #expect(decision(60_000) == .abandon(.outputTooSlow))
        }
    }

    // MARK: A second signal

    /// Returns a drain with signals at `times` milliseconds after the stop, and their meanings.
    private static func signalled(_ times: [Int64]) -> (drain: Drain, meanings: [Drain.SignalMeaning]) {
        var drain = drain()
        let meanings = times.map { drain.noteSignal(at: start + Duration.milliseconds($0)) }
        return (drain, meanings)
    }

    @Test(arguments: [(0, false), (1, false), (199, false), (200, true), (201, true), (4000, true)] as [(Int64, Bool)])
    func `is abandoned at a second signal, unless that repeats the first one`(_ after: Int64, _ isEnd: Bool) {
        let (drain, meanings) = Self.signalled([0, after])
        #expect(meanings == [.first, isEnd ? .abandon : .duplicate])
        let progress = Self.progress(after: after, packetsRead: 50, ring: .holdsSome, queue: .holdsSome)
        #expect(drain.decide(progress) == (isEnd ? .abandon(.secondSignal) : .keepDraining))
    }

    @Test
    func `is abandoned at a third signal if the second repeated the first one`() {
        let (drain, meanings) = Self.signalled([0, 100, 190, 300, 310])
        #expect(meanings == [.first, .duplicate, .duplicate, .abandon, .abandon])
        #expect(drain.decide(Self.progress(after: 310, queue: .holdsSome)) == .abandon(.secondSignal))
    }

    /// After the end of a session, the daemon may send a signal a moment later.
    @Test
    func `is not abandoned at the first signal after another reason to stop`() {
        let (drain, meanings) = Self.signalled([1500])
        #expect(meanings == [.first])
        #expect(drain.decide(Self.progress(after: 1500, queue: .holdsSome)) == .keepDraining)
        #expect(Self.signalled([1500, 1600, 1700]).meanings == [.first, .duplicate, .abandon])
    }

    @Test
    func `is done at a second signal if nothing is left`() {
        #expect(Self.signalled([0, 300]).drain.decide(Self.progress(after: 300)) == .done)
    }

    // MARK: All cases

    @Test
    func `ends within four and a half seconds, whatever happens`() {
        for (drain, progress) in Self.everyCase(after: [4500, 4501, 10_000]) {
            #expect(drain.decide(progress) != .keepDraining)
        }
    }

    @Test
    func `does not change its decision before the next decision is due`() {
        for (drain, progress) in Self.everyCase(after: [0, 1, 99, 199, 500, 799, 800, 999, 1000, 3499, 3500, 4499]) {
            let next = drain.nextDecision(progress)
            #expect(next > progress.now)
            let decision = drain.decide(progress)
            let hasAllPackets = drain.hasAllPackets(progress)
            guard decision == .keepDraining else { continue }
            var later = progress
            while later.now < next {
                defer { later.now = later.now + .milliseconds(1) }
                guard drain.decide(later) == decision, drain.hasAllPackets(later) == hasAllPackets else {
                    Issue.record("\(later) of \(drain) is not as \(progress), before \(next)")
                    return
                }
            }
        }
    }

    private static func everyCase(after times: [Int64]) -> [(Drain, Drain.Progress)] {
        var cases: [(Drain, Drain.Progress)] = []
        for after in times {
            for packetsRead in [99, 100] as [UInt64] {
                for idle in [0, 500, 999, 1000, 5000] as [Int64] {
                    for (ring, queue) in everyFill {
                        let progress = progress(
                            after: after, packetsRead: packetsRead, ring: ring, queue: queue, idle: idle)
                        cases.append((drain(), progress))
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
    func `has different words for each reason to abandon it`() {
        let reasons: [Drain.Reason] = [.outputStalled, .outputTooSlow, .secondSignal]
        let words = reasons.map { $0.description.text }
        #expect(Set(words).count == 3)
        #expect(words.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
        #expect(words[0].contains("1 s"))
        #expect(words[1].contains("4.5 s"))
        #expect(words[2].contains("second signal"))
    }
}
