/// The ending of a run as one table of states and events: a value without processes, tasks or clocks.
///
///     state      holds                 ends by                                             goes to
///     surveying  nothing               the platform's answer                               capturing
///                                      a reason to stop                                    finishing
///     capturing  sessions              a reason to stop                                    draining
///                                      the outputs have all that was asked for             draining
///                                      no session is left, and none is waited for          finishing
///     draining   sessions              no session is left                                  finishing
///                                      the deadline `drain` or `dismiss`, a second signal  killing
///                                      an output accepts nothing for the time `finish`     killing
///     killing    killed sessions       no session is left, the deadline `kill`             finishing
///                                      the deadline, while an output accepts nothing       ended
///     finishing  the outputs           they are whole, or failed; the deadline `finish`    ended
///                                      they are whole, and files wait for their command    handing on
///     handing on files                 the command has ended for all                       ended
///                                      a signal, the end of the program that started this  leaving
///     leaving    a command that ends   its end, the deadline `leave`                       ended
///     ended      the exit status       `_exit`, after the deadline `exit` at the latest
///
/// That a run ends: each state has a rank, and an event keeps the state or leads to one with a higher rank. Each state
/// after capturing arms one deadline when it is entered, and its deadline leaves it; but handing on takes as long as a
/// person's command takes, and a signal leaves it. An event shortens a deadline and never extends it. So the run ends within
/// the sum of the deadlines after the first reason to stop: `drain` + `kill` + `finish` + `exit`, if no file is handed on.
/// The process ends even if a thread stands in write(2), which nothing can cancel, or cf, started to renew tokens, outlives
/// a cancellation on purpose: the last edge is `_exit`.
///
/// The table is about the run as a whole. A single session that sends nothing after the stop is killed before the deadline
/// `drain`: by ``SessionState/silence(at:)``, after ``Timeouts/stall``.
struct Ending {
    /// A state of the run.
    enum State: Equatable {
        case surveying
        case capturing
        /// The agents were asked to stop, and hand over what they have.
        case draining
        /// The sessions were killed, and their ends are awaited.
        case killing
        /// No session is awaited, and the outputs write their end.
        case finishing
        /// The outputs are whole, and a person's command is run for files.
        case handingOn
        /// Nobody waits for that command any more, and it is being ended.
        case leaving
        /// The run is over.
        case ended
    }

    /// An event of the ending.
    enum Event: Equatable, CaseIterable {
        /// The platform has named the instances.
        case surveyed
        /// There is a reason to stop that is no signal.
        case stop
        /// A person or another program asks for the end.
        case signal
        /// No session is left, and no instance is waited for.
        case nothingLeft
        /// The outputs have all that was asked for, and take no more.
        case outputsComplete
        /// The deadline of the state is over.
        case deadline
        /// An output has accepted nothing for so long that it is not waited for, so that no session can come to its end.
        case outputStalled
        /// The outputs are whole, or have failed.
        case finished
        /// The outputs are whole, and files wait for their command.
        case filesWait
        /// The command has ended for all files.
        case handedOn
        /// The program that started this one has ended.
        case parentGone
    }

    /// A thing to do on the way from one state to the next.
    enum Action: Equatable {
        /// Ask all agents to stop.
        case stopAgents
        /// Ask all agents to stop, where nothing that they still have is wanted.
        case dismissAgents
        /// Kill all sessions.
        case killSessions
        /// Report the sessions whose ends did not come, and wait for them no longer.
        case abandonSessions
        /// Have the outputs write their end.
        case finishOutputs
        /// Report that the outputs' end is missing.
        case abandonOutputs
        /// Wait for the command of the files.
        case awaitCommand
        /// End the command, and report the files that it was not run for.
        case endCommand
        /// Determine the exit status.
        case conclude
    }

    /// The present state.
    private(set) var state = State.surveying
    /// The moment at which the event ``Event/deadline`` is due; nil while nothing bounds the state: before the ending has
    /// begun, while a command of --on-file is waited for, and when the run has ended.
    private(set) var deadline: ContinuousClock.Instant?

    private var firstSignal: ContinuousClock.Instant?
    /// Whether a person asked again for the end, so that the outputs have little time for theirs.
    private var isHurried = false

    /// Whether sessions may be opened and instances waited for.
    var isCapturing: Bool { state == .surveying || state == .capturing }

    /// Takes an event. Returns what to do now; the deadline is the caller's to observe.
    mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
        let isRepeated = event == .signal && isRepeatedSignal(at: now)
        // A ^C ends cf as well: files are handed on all the same where cf has gone before.
        let event = event == .parentGone && state != .handingOn ? .stop : event
        switch (state, event) {
        case (.surveying, .surveyed):
            state = .capturing
            return []
        case (.surveying, .stop), (.surveying, .signal), (.surveying, .nothingLeft), (.capturing, .nothingLeft),
            (.draining, .nothingLeft), (.killing, .nothingLeft):
            return finish(at: now)
        case (.capturing, .stop), (.capturing, .signal):
            enter(.draining, until: now + Timeouts.drain)
            return [.stopAgents]
        case (.capturing, .outputsComplete):
            enter(.draining, until: now + Timeouts.dismiss)
            return [.dismissAgents]
        case (.draining, .outputsComplete):
            deadline = min(deadline ?? now, now + Timeouts.dismiss)
            return [.dismissAgents]
        case (.draining, .signal) where isRepeated, (.draining, .deadline), (.draining, .outputStalled):
            isHurried = isHurried || event == .signal
            enter(.killing, until: now + Timeouts.kill)
            return [.killSessions]
        case (.killing, .deadline):
            return [.abandonSessions] + finish(at: now)
        case (.finishing, .signal) where isRepeated:
            deadline = min(deadline ?? now, now + Timeouts.hurriedFinish)
            return []
        case (.finishing, .deadline), (.killing, .outputStalled):
            enter(.ended, until: nil)
            return [.abandonOutputs]
        default:
            return handleBehindOutputs(event, isRepeated: isRepeated, at: now)
        }
    }

    /// Takes an event of the states behind the outputs' end.
    private mutating func handleBehindOutputs(
        _ event: Event, isRepeated: Bool, at now: ContinuousClock.Instant
    ) -> [Action] {
        switch (state, event) {
        case (.finishing, .finished), (.handingOn, .handedOn), (.leaving, .handedOn), (.leaving, .deadline):
            enter(.ended, until: nil)
            return [.conclude]
        case (.finishing, .filesWait):
            enter(.handingOn, until: nil)
            return [.awaitCommand]
        // A first signal has nothing else to end here.
        case (.handingOn, .signal) where isRepeated || firstSignal == now, (.handingOn, .parentGone):
            enter(.leaving, until: now + Timeouts.leave)
            return [.endCommand]
        default:
            return []
        }
    }

    private mutating func finish(at now: ContinuousClock.Instant) -> [Action] {
        enter(.finishing, until: now + (isHurried ? Timeouts.hurriedFinish : Timeouts.finish))
        return [.finishOutputs]
    }

    private mutating func enter(_ state: State, until deadline: ContinuousClock.Instant?) {
        self.state = state
        self.deadline = deadline
    }

    /// Returns whether this signal is another one than the first. The first changes nothing if the run is stopping
    /// already: the same ^C may have ended the output's reader, and so have begun the stop.
    private mutating func isRepeatedSignal(at now: ContinuousClock.Instant) -> Bool {
        guard let firstSignal else {
            firstSignal = now
            return false
        }
        return now - firstSignal >= Timeouts.sameSignal
    }
}

extension Ending.State {
    /// The place of the state in the order of the ending.
    var rank: Int {
        switch self {
        case .surveying: 0
        case .capturing: 1
        case .draining: 2
        case .killing: 3
        case .finishing: 4
        case .handingOn: 5
        case .leaving: 6
        case .ended: 7
        }
    }
}
