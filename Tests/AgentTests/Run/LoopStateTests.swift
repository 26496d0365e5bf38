import CLinux
import Testing

@testable import Agent

/// The present moment is `now`. The loop begins at `now` unless a test sets other moments.
@Suite("The state of the loop")
struct LoopStateTests {
    private static let now = MonotonicClock.Instant(sinceStart: .seconds(1000))
    private static let idle = LoopState.QueueStatus(isEmpty: true, hasFreeSpace: true, packetsRead: 100)
    private static let pending = LoopState.QueueStatus(isEmpty: false, hasFreeSpace: true, packetsRead: 100)
    private static let full = LoopState.QueueStatus(isEmpty: false, hasFreeSpace: false, packetsRead: 100)

    private static func state(_ change: (inout LoopState) -> Void = { _ in }) -> LoopState {
        var state = LoopState(at: now)
        state.phase = .live
        change(&state)
        return state
    }

    private static func draining(captured: UInt64, ring isRingEmpty: Bool = true) -> LoopState {
        state {
            $0.phase = .draining(Drain(start: now, captured: captured))
            $0.isRingEmpty = isRingEmpty
        }
    }

    // MARK: Reading the ring

    @Test
    func `reads a ring that may hold packets into an empty queue`() {
        #expect(Self.state().shouldReadRing(into: Self.idle, at: Self.now))
        let empty = Self.state { $0.isRingEmpty = true }
        #expect(!empty.shouldReadRing(into: Self.idle, at: Self.now + .seconds(60)))
    }

    @Test
    func `leaves packets in the ring for a second while the queue has bytes`() {
        for isRingEmpty in [false, true] {
            let state = Self.state { $0.isRingEmpty = isRingEmpty }
            #expect(!state.shouldReadRing(into: Self.pending, at: Self.now))
            #expect(!state.shouldReadRing(into: Self.pending, at: Self.now + .milliseconds(999)))
            #expect(state.shouldReadRing(into: Self.pending, at: Self.now + .seconds(1)))
        }
    }

    @Test
    func `reads a batch per second if the output accepts a little all the time`() {
        let later = Self.now + .milliseconds(1200)
        let trickling = Self.state { $0.lastOutputProgress = later }
        #expect(trickling.shouldReadRing(into: Self.pending, at: later))
        let read = Self.state {
            $0.lastOutputProgress = later
            $0.lastRingRead = later
        }
        #expect(!read.shouldReadRing(into: Self.pending, at: later))
    }

    @Test
    func `reads nothing into a full queue, or after a drain has all packets`() {
        #expect(!Self.state().shouldReadRing(into: Self.full, at: Self.now + .seconds(10)))
        #expect(!Self.draining(captured: 100, ring: false).shouldReadRing(into: Self.idle, at: Self.now))
        #expect(Self.draining(captured: 101, ring: false).shouldReadRing(into: Self.idle, at: Self.now))
    }

    // MARK: Waiting

    @Test
    func `waits for packets if there is nothing to do`() {
        let report = Self.now + .seconds(3)
        let state = Self.state { $0.isRingEmpty = true }
        #expect(state.next(Self.idle, after: .accepted, at: Self.now) == .wait(for: .packets, until: .distantFuture))
        #expect(
            state.next(Self.idle, after: .accepted, nextReport: report, at: Self.now)
                == .wait(for: .packets, until: report))
        #expect(
            state.next(Self.idle, after: .accepted, isInterfaceDown: true, nextReport: report, at: Self.now)
                == .wait(for: .packets, until: Self.now + .milliseconds(100)))
    }

    @Test
    func `does not wait while there is something to do`() {
        #expect(Self.state().next(Self.idle, after: .accepted, at: Self.now) == .proceed)
        let empty = Self.state { $0.isRingEmpty = true }
        #expect(empty.next(Self.pending, after: .accepted, at: Self.now) == .proceed)
    }

    @Test
    func `checks for events every millisecond while there is something to do`() {
        let check = LoopState.Step.wait(for: .time, until: Self.now)
        for (age, step) in [(999, .proceed), (1000, check), (5000, check)] as [(Int, LoopState.Step)] {
            let state = Self.state { $0.lastWait = Self.now + .microseconds(-age) }
            #expect(state.next(Self.pending, after: .accepted, at: Self.now) == step)
        }
    }

    @Test
    func `waits for an output that is not ready, and for time if a pipe needs space`() {
        let state = Self.state()
        for queue in [Self.pending, Self.full] {
            let soon = Self.now + .microseconds(250)
            #expect(state.next(queue, after: .notReady, at: Self.now) == .wait(for: .output, until: soon))
            #expect(state.next(queue, after: .needsSpace, at: Self.now) == .wait(for: .time, until: soon))
            let report = Self.now + .microseconds(100)
            #expect(
                state.next(queue, after: .needsSpace, nextReport: report, at: Self.now)
                    == .wait(for: .time, until: report))
        }
    }

    @Test
    func `waits longer for space the longer it has waited, 32 ms at most`() {
        let state = Self.state()
        var now = Self.now
        var delays: [Duration] = []
        while now < Self.now + .seconds(10) {
            delays.append(state.pollDelay(at: now))
            now = now + delays.last!
        }
        #expect(delays.first == .microseconds(250))
        #expect(delays.last == .milliseconds(32))
        #expect(zip(delays, delays.dropFirst()).allSatisfy { $0 <= $1 })
        // A query of the free space costs a few microseconds.
        let early = delays.reduce(into: (sum: Duration.zero, count: 0)) { total, delay in
            if total.sum < .milliseconds(100) { total = (total.sum + delay, total.count + 1) }
        }
        #expect((10..<100).contains(early.count))
    }

    // MARK: The end

    @Test
    func `ends when the reader is gone or the output fails, even if packets are left`() {
        let failure = SystemError(number: ENOSPC)
        for state in [Self.state(), Self.draining(captured: 1), Self.draining(captured: 1000)] {
            for queue in [Self.idle, Self.pending, Self.full] {
                var gone = state
                gone.isReaderGone = true
                #expect(gone.next(queue, after: .accepted, at: Self.now) == .end(.readerGone))
                #expect(state.next(queue, after: .readerGone, at: Self.now) == .end(.readerGone))
                #expect(state.next(queue, after: .failed(failure), at: Self.now) == .end(.outputFailed(failure)))
            }
        }
    }

    @Test
    func `ends a drain when all is written, or it is abandoned`() {
        let drain = Self.draining(captured: 100)
        #expect(drain.next(Self.idle, after: .accepted, at: Self.now) == .end(.complete))
        #expect(
            drain.next(Self.pending, after: .needsSpace, at: Self.now + .seconds(1))
                == .end(.abandoned(.outputStalled)))
    }

    @Test
    func `waits in a drain until its next decision`() {
        let drain = Self.draining(captured: 101)
        #expect(
            drain.next(Self.idle, after: .accepted, at: Self.now)
                == .wait(for: .packets, until: Self.now + Drain.blockRetirement))
        let later = Self.now + .milliseconds(999)
        #expect(
            Self.draining(captured: 100).next(Self.pending, after: .needsSpace, at: later)
                == .wait(for: .time, until: Self.now + .seconds(1)))
    }
}
