/// A whole run: sessions to the instances, their streams merged into one output, until there is a reason to end.
///
/// One loop takes one event after the other. What takes time happens in tasks, which tell the loop of their end; none is
/// waited for that may hang.
public struct Capture {
    /// What a run reacts to.
    enum Event: Sendable {
        case surveyed(Survey)
        case surveyFailed(String)
        case instances([Instance])
        case instancesUnknown(PlatformError)
        case began(InstanceID)
        case ended(Instance, Session.Outcome)
        case outputFailed(OutputError)
        case viewerFailed(Viewer.Failure)
        case second
        case signal
        case stopIsDue
        case patienceToBeginIsOver
        case patienceIsOver(Stage)
        case finished(Merger.Result)
    }

    private let options: CaptureOptions
    private let display: Display
    private let output: String
    private let merger: Merger
    private let board = StatusBoard()
    private let signals = StopSignals()
    private let events: AsyncStream<Event>
    private let post: AsyncStream<Event>.Continuation

    private var viewerFailure: Task<Viewer.Failure?, Never>?
    private var survey: Survey?
    private var roster: Roster
    private var sessions: [InstanceID: AsyncStream<Session.Command>.Continuation] = [:]
    private var hasBegun = false
    private var isAsking = false
    private var lastAsked = ContinuousClock.now
    /// Questions in a row to which the platform gave no answer.
    private var unanswered = 0
    private var stage = Stage.capturing
    /// When the first signal came.
    private var signalled: ContinuousClock.Instant?
    /// The program's exit status, once the run has ended.
    private var status: Int32?

    /// How far a run has come.
    enum Stage {
        case capturing
        /// The agents have been asked to stop.
        case stopping
        /// The sessions are being cut.
        case cutting
        /// The sessions have ended, and the output is being completed.
        case finishing
    }

    /// When the agents were asked to stop.
    private var stopped: ContinuousClock.Instant?

    /// Between two questions to the platform: while an instance is waited for, and while new ones may appear.
    private static let shortInterval = Duration.seconds(2)
    private static let longInterval = Duration.seconds(10)
    /// From the stop to the cutting of sessions that still go on, and from the stop to the end of the run.
    private static let patience = Duration.seconds(4)
    private static let limit = Duration.seconds(5)
    /// What is left for the output, once nobody is waited for any more.
    private static let haste = Duration.milliseconds(500)

    /// Prepares a run and opens its output. `commandLine` is written there, where the format has room for it.
    public init(_ options: CaptureOptions, commandLine: String, display: Display) async throws {
        if options.wireshark {
            let started = try await Viewer.start()
            let failure = started.failure
            do {
                try self.init(options, to: started.destination, commandLine: commandLine, display: display)
            } catch OutputError.readerGone {
                throw await failure.value ?? Viewer.Failure(description: "Wireshark reads nothing")
            }
            viewerFailure = failure
        } else {
            try self.init(options, to: Destination.open(options), commandLine: commandLine, display: display)
        }
    }

    init(_ options: CaptureOptions, to destination: sending Destination, commandLine: String, display: Display) throws {
        self.options = options
        self.display = display
        output = destination.name
        let (events, post) = AsyncStream.makeStream(of: Event.self)
        (self.events, self.post) = (events, post)
        roster = Roster(
            app: options.app, indices: options.indices, follows: options.follow, capacity: SessionLimit.raise())
        let file = try CaptureFile(
            to: destination, options.outputFormat.format, options.outputFormat.compression,
            application: "cf-pcap-client \(ClientVersion.current)", commandLine: commandLine,
            tell: { display.warn(nil, $0) })
        merger = Merger(merge: Merge(hold: options.hold, capacity: Merger.capacity), file: file) {
            post.yield(.outputFailed($0))
        }
    }

    /// Captures to the end; gives the program's exit status. The end of the process that started it is a reason to stop.
    public func run(whileRunning parent: ParentWatch? = nil) async -> Int32 {
        var run = self
        if let parent {
            Task { [post] in
                try await parent.waitUntilGone()
                post.yield(.stopIsDue)
            }
        }
        if let viewerFailure {
            Task { [post] in if let failure = await viewerFailure.value { post.yield(.viewerFailed(failure)) } }
        }
        Task { [post, signals] in for await _ in signals.stream { post.yield(.signal) } }
        every(.seconds(1)) { [post] in post.yield(.second) }
        every(Merger.interval) { [merger] in await merger.tick() }
        let surveying = Task { [post, options] () -> Survey? in
            do {
                let survey = try await Survey.make(options, startedBy: parent?.process)
                post.yield(.surveyed(survey))
                return survey
            } catch {
                post.yield(.surveyFailed("\(error)"))
                return nil
            }
        }
        for await event in events {
            run.handle(event)
            if run.status != nil { break }
        }
        surveying.cancel()
        await surveying.value?.cf.close()
        display.finish()
        return run.status ?? 1
    }

    private func every(_ interval: Duration, _ body: @escaping @Sendable () async -> Void) {
        Task {
            while true {
                try await Task.sleep(for: interval)
                await body()
            }
        }
    }

    // MARK: Events

    private mutating func handle(_ event: Event) {
        switch event {
        case .surveyed(let survey): begin(survey)
        case .surveyFailed(let reason): surveyFailed(reason)
        case .instances(let instances): update(instances)
        case .instancesUnknown(let reason): instancesUnknown(reason)
        case .began(let id): sessionBegan(id)
        case .ended(let instance, let outcome): sessionEnded(instance, outcome)
        case .outputFailed(let error): outputFailed(error)
        case .viewerFailed(let failure): viewerFailed(failure)
        case .second: secondPassed()
        case .signal: signalCame()
        case .stopIsDue: if stage == .capturing { stop() }
        case .patienceToBeginIsOver: if stage == .capturing && !hasBegun { stop() }
        case .patienceIsOver(let stage): if stage == self.stage { hurry() }
        case .finished(let result): finished(result)
        }
    }

    private mutating func begin(_ survey: Survey) {
        guard stage == .capturing else { return }
        if let excess = roster.excess(of: survey.instances) { return surveyFailed(excess) }
        self.survey = survey
        for process in survey.processes.hidden {
            display.warn(
                nil, "a deployment replaces process \(process): only the instances that cf ssh reaches are captured")
        }
        display.say(Announcements.starting(on: options.indices))
        update(survey.instances)
        // Where nothing ever begins, a capture of limited time ends all the same.
        if let duration = options.duration { send(.patienceToBeginIsOver, after: duration + Self.patienceToBegin) }
    }

    private static let patienceToBegin = Duration.seconds(15)

    private func send(_ event: Event, after time: Duration) {
        Task { [post] in
            try await Task.sleep(for: time)
            post.yield(event)
        }
    }

    private mutating func surveyFailed(_ reason: String) {
        // Once the run is stopping, questions fail because they were broken off, which nobody needs to be told.
        guard stage == .capturing else { return }
        display.error(nil, reason)
        roster.fail()
        finish()
    }

    private mutating func update(_ instances: [Instance]) {
        isAsking = false
        lastAsked = .now
        unanswered = 0
        guard stage == .capturing else { return }
        carryOut(roster.update(instances, at: .now))
        finishIfNothingIsLeft()
    }

    private mutating func carryOut(_ actions: [Roster.Action]) {
        start(actions.compactMap { if case .start(let instance) = $0 { instance } else { nil } })
        for case .tell(let id, let failure) in actions {
            if roster.isWaiting(for: id) {
                display.warn(id, failure.description)
                board.set(id, .waiting)
            } else {
                display.error(id, failure.description)
                board.set(id, .failed(failure.reason))
            }
        }
    }

    /// Opens sessions. Their streams are made known to the merge before the first of them sends anything: what comes
    /// first waits for the others.
    private mutating func start(_ instances: [Instance]) {
        guard let survey, !instances.isEmpty else { return }
        let opening = instances.map { instance in
            let (commands, continuation) = AsyncStream.makeStream(of: Session.Command.self)
            sessions[instance.id] = continuation
            board.set(instance.id, .starting)
            let session = Session(
                instance: instance, app: survey.app, options: options, cf: survey.cf, merger: merger,
                board: board, display: display, onCapturing: { [post] in post.yield(.began(instance.id)) })
            return (session, commands)
        }
        Task { [post, merger] in
            let streams = await merger.open(opening.count)
            for ((session, commands), stream) in zip(opening, streams) {
                Task { post.yield(.ended(session.instance, await session.run(commands, into: stream))) }
            }
        }
    }

    private mutating func sessionBegan(_ id: InstanceID) {
        if roster.sessionBegan(of: id) { display.say("\(id): capturing again") }
        guard !hasBegun else { return }
        hasBegun = true
        display.say(Announcements.capturing)
        if let duration = options.duration { send(.stopIsDue, after: duration) }
    }

    private mutating func sessionEnded(_ instance: Instance, _ outcome: Session.Outcome) {
        sessions.removeValue(forKey: instance.id)?.finish()
        switch outcome {
        case .complete:
            board.set(instance.id, .ended)
            roster.sessionCompleted(of: instance.id)
        case .failed(let failure):
            sessionFailed(instance, failure)
        }
        finishIfNothingIsLeft()
    }

    private mutating func sessionFailed(_ instance: Instance, _ failure: SessionFailure) {
        let mayRejoin = stage == .capturing
        if let action = roster.sessionFailed(of: instance, failure, mayRejoin: mayRejoin, at: .now) {
            carryOut([action])
        } else if roster.isWaiting(for: instance.id) {
            display.warn(instance.id, "\(failure); it is joined again when it runs")
            board.set(instance.id, .waiting)
        } else {
            display.error(instance.id, failure.description)
            board.set(instance.id, .failed(failure.reason))
        }
    }

    private mutating func outputFailed(_ error: OutputError) {
        if error == .readerGone { display.say("The reader of the output has gone.") }
        guard stage == .capturing else { return }
        // Nothing is written any more, so that the sessions end in order by themselves. Whether Wireshark failed is known
        // a moment after it has closed its pipe.
        if viewerFailure == nil { stop() } else { send(.stopIsDue, after: .milliseconds(300)) }
    }

    private mutating func viewerFailed(_ failure: Viewer.Failure) {
        display.error(nil, failure.description)
        roster.fail()
        if stage == .capturing { stop() }
    }

    private mutating func secondPassed() {
        if survey != nil { display.update(board.statuses(after: 1)) }
        askIfDue()
    }

    /// Asks the platform which instances run, if there is reason to and time.
    private mutating func askIfDue() {
        guard stage == .capturing, let survey, options.follow, !isAsking else { return }
        guard .now - lastAsked >= (roster.isWaiting ? Self.shortInterval : Self.longInterval) else { return }
        isAsking = true
        Task { [post, options] in
            do {
                post.yield(.instances(try await survey.currentInstances(options)))
            } catch {
                post.yield(.instancesUnknown(error as? PlatformError ?? PlatformError("\(error)")))
            }
        }
    }

    /// The platform may be out of reach for a while, and the sessions go on. A deleted app ends the capture; a lost login is
    /// told at once.
    private mutating func instancesUnknown(_ error: PlatformError) {
        isAsking = false
        lastAsked = .now
        unanswered += 1
        guard stage == .capturing else { return }
        if error.kind == .deleted {
            display.error(nil, error.description)
            roster.fail()
            return stop()
        }
        let limit = error.kind == .loggedOut ? 1 : Self.mostUnanswered
        guard unanswered == limit else { return }
        display.warn(nil, "the platform does not say which instances run, and none is joined until it does: \(error)")
    }

    private static let mostUnanswered = 3

    /// Whether an instance may appear that is to be captured and that nobody knows of yet.
    private var mayGrow: Bool { options.indices == nil || options.processes == .all }

    // MARK: The end

    /// A first signal while the run is already stopping changes nothing: the same ^C may have ended the output's reader,
    /// and so have begun the stop.
    private mutating func signalCame() {
        let isFirst = signalled == nil
        let first = signalled ?? .now
        signalled = first
        guard isFirst || .now - first >= Self.sameSignal else { return }
        switch stage {
        case .capturing: stop()
        case .stopping: if !isFirst { hurry() }
        case .cutting, .finishing: wait(Self.haste)
        }
    }

    /// Within this time a second signal is taken for the first: timeout(1) and a terminal that closes send it twice.
    private static let sameSignal = Duration.milliseconds(200)

    /// Asks all agents to stop, at once.
    private mutating func stop() {
        stage = .stopping
        stopped = .now
        for session in sessions.values { session.yield(.stop) }
        wait(Self.patience)
        finishIfNothingIsLeft()
    }

    /// Cuts the sessions that have not ended, then leaves them; after that, waits for nothing any more.
    private mutating func hurry() {
        switch stage {
        case .capturing, .stopping:
            stage = .cutting
            for session in sessions.values { session.yield(.cut) }
            wait(Self.haste)
            finishIfNothingIsLeft()
        case .cutting:
            for id in sessions.keys.sorted() { display.error(id, "its session did not end in time") }
            roster.fail()
            finish()
        case .finishing:
            display.error(nil, "the output '\(output)' was not taken in time: its end is missing")
            status = 1
        }
    }

    /// Hurries after a time, unless the run is further by then.
    private func wait(_ time: Duration) {
        Task { [post, stage] in
            try await Task.sleep(for: time)
            post.yield(.patienceIsOver(stage))
        }
    }

    private mutating func finishIfNothingIsLeft() {
        guard sessions.isEmpty, stage != .finishing, stage != .capturing || !roster.isAlive else { return }
        finish()
    }

    private mutating func finish() {
        stage = .finishing
        let spent = stopped.map { .now - $0 } ?? .zero
        wait(max(Self.limit - spent, Self.haste))
        Task { [post, merger] in post.yield(.finished(await merger.finish(at: WallClock.now()))) }
    }

    private mutating func finished(_ result: Merger.Result) {
        if survey != nil { display.summary(board.statuses, order: result.order) }
        if let failure = result.failure, failure != .readerGone {
            display.error(nil, failure.description)
            roster.fail()
        }
        if result.hasBegun && hasBegun {
            if options.output != "-" && !options.wireshark { display.say(Announcements.saved(to: output)) }
        } else {
            roster.fail()
        }
        if unanswered >= Self.mostUnanswered && mayGrow { roster.fail() }
        status = roster.isComplete ? 0 : 1
    }
}
