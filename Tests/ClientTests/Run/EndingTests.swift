import Testing

@testable import Client

@Suite("The ending of a run")
struct EndingTests {
    private let start = ContinuousClock.now

    /// Endings in each state, with and without a first signal.
    private func endings() -> [Ending] {
        let ways: [[Ending.Event]] = [
            [], [.surveyed], [.surveyed, .stop], [.surveyed, .signal], [.surveyed, .signal, .signal],
            [.surveyed, .stop, .deadline], [.surveyed, .signal, .signal, .deadline], [.surveyed, .nothingLeft],
            [.stop], [.stop, .finished], [.surveyed, .signal, .nothingLeft],
            [.stop, .filesWait], [.surveyed, .signal, .nothingLeft, .filesWait], [.stop, .filesWait, .signal],
        ]
        return ways.map { events in
            var ending = Ending()
            for (number, event) in events.enumerated() { _ = ending.handle(event, at: start + .seconds(number)) }
            return ending
        }
    }

    @Test
    func `never goes back, and always has a deadline after capturing`() {
        let all = endings()
        #expect(Set(all.map(\.state.rank)) == [0, 1, 2, 3, 4, 5, 6, 7])
        for before in all {
            for event in Ending.Event.allCases {
                var after = before
                _ = after.handle(event, at: start + .seconds(10))
                #expect(after.state.rank >= before.state.rank, "\(before.state), \(event)")
                let hasDeadline = [2, 3, 4, 6].contains(after.state.rank)
                #expect((after.deadline != nil) == hasDeadline, "\(before.state), \(event)")
                if after.state == before.state, let old = before.deadline, let new = after.deadline {
                    #expect(new <= old, "\(before.state), \(event)")
                }
            }
        }
    }

    @Test
    func `is reached from every state by deadlines alone, once there is a reason to stop`() {
        for var ending in endings() {
            var actions = ending.handle(.stop, at: start + .seconds(10))
            // A person's command is waited for until somebody asks for the end.
            if ending.state == .handingOn { actions += ending.handle(.signal, at: start + .seconds(15)) }
            for _ in 0..<3 { actions += ending.handle(.deadline, at: start + .seconds(20)) }
            #expect(ending.state == .ended)
        }
    }

    @Test
    func `asks the agents first, kills their sessions then, and completes the output last`() {
        var ending = Ending()
        #expect(ending.handle(.surveyed, at: start).isEmpty)
        #expect(ending.handle(.signal, at: start) == [.stopAgents])
        #expect(ending.deadline == start + Timeouts.drain)
        #expect(ending.handle(.deadline, at: start) == [.killSessions])
        #expect(ending.handle(.deadline, at: start) == [.abandonSessions, .finishOutputs])
        #expect(ending.deadline == start + Timeouts.finish, "the outputs may have much to write still")
        #expect(ending.handle(.deadline, at: start) == [.abandonOutputs])
        #expect(ending.state == .ended)
    }

    @Test
    func `leaves the outputs little time only if a person asked again`() {
        var ending = Ending()
        for event in [Ending.Event.surveyed, .signal] { _ = ending.handle(event, at: start) }
        #expect(ending.handle(.signal, at: start + .seconds(1)) == [.killSessions])
        _ = ending.handle(.nothingLeft, at: start + .seconds(1))
        #expect(ending.deadline == start + .seconds(1) + Timeouts.hurriedFinish)
    }

    @Test
    func `hands files on though the same signal has ended the program that started this one`() {
        var ending = Ending()
        for event in [Ending.Event.surveyed, .signal, .parentGone, .nothingLeft] {
            _ = ending.handle(event, at: start)
        }
        #expect(ending.handle(.filesWait, at: start) == [.awaitCommand])
        #expect(ending.state == .handingOn)
    }

    @Test
    func `waits for no packets where the outputs have all that was asked for`() {
        var ending = Ending()
        _ = ending.handle(.surveyed, at: start)
        #expect(ending.handle(.outputsComplete, at: start) == [.dismissAgents])
        #expect(ending.deadline == start + Timeouts.dismiss && Timeouts.dismiss < Timeouts.stall)
        #expect(ending.handle(.nothingLeft, at: start) == [.finishOutputs])
        var stopped = Ending()
        for event in [Ending.Event.surveyed, .stop] { _ = stopped.handle(event, at: start) }
        #expect(stopped.handle(.outputsComplete, at: start + .seconds(1)) == [.dismissAgents])
        #expect(stopped.deadline == start + .seconds(1) + Timeouts.dismiss)
        #expect(stopped.handle(.deadline, at: start + .seconds(3)) == [.killSessions])
    }

    @Test
    func `does not wait for sessions that cannot end, for an output accepts nothing`() {
        var ending = Ending()
        for event in [Ending.Event.surveyed, .signal] { _ = ending.handle(event, at: start) }
        #expect(ending.handle(.outputStalled, at: start + Timeouts.finish) == [.killSessions])
        #expect(ending.deadline == start + Timeouts.finish + Timeouts.kill)
        var recovered = ending
        #expect(ending.handle(.outputStalled, at: start + .seconds(6)) == [.abandonOutputs] && ending.state == .ended)
        #expect(recovered.handle(.nothingLeft, at: start + .seconds(6)) == [.finishOutputs], "it accepts again")
        var capturing = Ending()
        _ = capturing.handle(.surveyed, at: start)
        #expect(capturing.handle(.outputStalled, at: start).isEmpty && capturing.state == .capturing)
    }

    @Test
    func `takes a second signal for the first within a moment, and for haste behind it`() {
        var ending = Ending()
        _ = ending.handle(.surveyed, at: start)
        _ = ending.handle(.signal, at: start)
        #expect(ending.handle(.signal, at: start + .milliseconds(150)).isEmpty)
        #expect(ending.handle(.signal, at: start + .milliseconds(250)) == [.killSessions])
    }

    @Test
    func `takes no first signal for haste where the run is stopping already`() {
        var ending = Ending()
        _ = ending.handle(.surveyed, at: start)
        _ = ending.handle(.stop, at: start)
        #expect(ending.handle(.signal, at: start + .seconds(1)).isEmpty)
        #expect(ending.handle(.signal, at: start + .seconds(2)) == [.killSessions])
    }

    @Test
    func `waits for files to be handed on, until the first signal of all or the second one of the run`() {
        var ending = Ending()
        for event in [Ending.Event.surveyed, .stop, .nothingLeft] { _ = ending.handle(event, at: start) }
        #expect(ending.handle(.filesWait, at: start) == [.awaitCommand])
        #expect(ending.handle(.stop, at: start + .seconds(1)).isEmpty)
        #expect(ending.handle(.deadline, at: start + .seconds(1)).isEmpty)
        var other = ending
        #expect(ending.handle(.signal, at: start + .seconds(2)) == [.endCommand])
        #expect(ending.handle(.handedOn, at: start + .seconds(2)) == [.conclude] && ending.state == .ended)
        #expect(other.handle(.parentGone, at: start + .seconds(2)) == [.endCommand])
        #expect(other.handle(.deadline, at: start + .seconds(4)) == [.conclude] && other.state == .ended)
        var signalled = Ending()
        for event in [Ending.Event.surveyed, .signal, .nothingLeft, .filesWait] {
            _ = signalled.handle(event, at: start)
        }
        #expect(signalled.handle(.signal, at: start + .milliseconds(100)).isEmpty, "the same one again")
        #expect(signalled.handle(.signal, at: start + .seconds(1)) == [.endCommand])
    }

    @Test
    func `gives the agent its own time, and slow links longer`() {
        #expect(Timeouts.agentDrain < Timeouts.stall)
        #expect(Timeouts.stall < Timeouts.drain)
        #expect(Timeouts.unbegun < Timeouts.stall)
        #expect(Timeouts.hint < Timeouts.firstBegin && Timeouts.firstBegin < Timeouts.begin)
        #expect(Timeouts.hurriedFinish < Timeouts.finish)
        // Two programs of tshark may be killed: one prints, the other one looks for an event.
        let outputs = OutputWatch().closeTime + Consumers.readerTime + TsharkOutput.killTime * 2
        #expect(outputs < Timeouts.finish)
        #expect(FileHandover.grace + FileHandover.killTime < Timeouts.leave)
        #expect(Timeouts.sameSignal < Timeouts.kill)
    }
}
