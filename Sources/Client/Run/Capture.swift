/// A whole run: sessions to the instances, their streams merged into one output, until there is a reason to end.
///
/// One loop takes one event after the other. What takes time happens in tasks, which tell the loop of their end; none is
/// waited for that may hang.
public struct Capture {
    /// An event that the loop of a run handles.
    enum Event: Sendable {
        case surveyed(Survey)
        case surveyFailed(String)
        case instances([Instance])
        case instancesUnknown(PlatformError)
        case began(CapturePoint)
        case silent(CapturePoint, SessionFailure)
        case ended(SessionTarget, Session.Outcome)
        case outputFailed(OutputError)
        case outputProblem(String)
        case viewerFailed(Viewer.Failure)
        case second
        case signal(Signals.Request)
        case stopIsDue
        case outputsComplete
        case explanationIsDue
        case beginIsOverdue
        case deadline
        case finished(Merger.Result)
        case handedOn
        case parentGone
        case trigger(PacketTrigger.Report)
        case marked(Consumers.Mark)
    }

    let options: CaptureOptions
    let commandLine: String
    let display: Display
    let output: String
    let merger: Merger
    let watch: OutputWatch
    /// The command for complete files; nil if there is none.
    let handover: FileHandover?
    let board = StatusBoard()
    let signals: Signals
    let events: AsyncStream<Event>
    let post: AsyncStream<Event>.Continuation

    var viewerFailure: Task<Viewer.Failure?, Never>?
    var survey: Survey?
    var roster: Roster
    var sessions: [CapturePoint: AsyncStream<Session.Command>.Continuation] = [:]
    /// The moment at which the first session began to capture; nil before that.
    var firstBegin: ContinuousClock.Instant?
    var reportedFailures = ReportedFailures()
    var isAsking = false
    var lastAsked = ContinuousClock.now
    /// Questions in a row to which the platform gave no answer.
    var unanswered = 0
    var awaited = AwaitedEvent()
    var ending = Ending()
    /// The latest task that reports the deadline of the ending.
    var alarm: Task<Void, any Error>?
    var hasToldDraining = false
    var hasToldSurveying = false
    let began = ContinuousClock.now
    /// The outcome of the merge at the end.
    var result: Merger.Result?
    /// The moment at which the sessions were asked to end; nil before.
    var drainBegan: ContinuousClock.Instant?
    /// The program's exit status, once the run has ended.
    var status: Int32?

    /// Prepares a run and opens its outputs. `commandLine` is written there, where the format has room for it.
    ///
    /// Signals that ask for the end, and the end of the process that started this one, end a wait for the output's reader.
    public init(
        _ options: CaptureOptions, commandLine: String, display: Display, whileRunning parent: ParentWatch? = nil
    ) async throws {
        let until = try Self.untilFilter(options, display)
        let tshark = try await Tshark.prepare(options)
        let signals = Signals()
        let wait = ReaderWait(
            tell: { display.say($0) }, isStopped: { signals.hasAskedForStop || parent?.isGone == true })
        let watch = OutputWatch()
        self.options = options
        self.commandLine = commandLine
        self.signals = signals
        self.display = display
        let (events, post) = AsyncStream.makeStream(of: Event.self)
        (self.events, self.post) = (events, post)
        let lines = OutputLines(
            say: { display.say($0) }, warn: { display.warn(nil, $0) }, fail: { post.yield(.outputProblem($0)) },
            end: {
                post.yield(.outputProblem($0))
                post.yield(.stopIsDue)
            })
        let match = options.untilDisplay.map { _ in DisplayMatch { post.yield(.trigger(.match($0))) } }
        let context = OpenedOutputs.Context(
            commandLine: commandLine, lines: lines, wait: wait, tshark: tshark, match: match, watch: watch)
        let trigger = Self.trigger(options, until: until, display: match) { post.yield(.trigger($0)) }
        let outputs = try await Self.open(options, context, display, examinedBy: trigger) { post.yield(.marked($0)) }
        self.watch = watch
        output = outputs.name
        viewerFailure = outputs.viewerFailure
        handover = outputs.handover
        roster = Roster(options, capacity: SessionLimit.raise())
        merger = Merger(
            merge: Merge(hold: options.hold, capacity: Merger.capacity), consumers: outputs.consumers
        ) { event in
            switch event {
            case .failed(let error): post.yield(.outputFailed(error))
            case .isOver: post.yield(.outputsComplete)
            }
        }
    }

    /// Opens the outputs, which may block; a reason to stop ends that.
    private static func open(
        _ options: CaptureOptions, _ context: OpenedOutputs.Context, _ display: Display,
        examinedBy trigger: PacketTrigger?, onMark: @escaping @Sendable (Consumers.Mark) -> Void
    ) async throws -> sending OpenedOutputs {
        try await Exit.bounding(for: Timeouts.open, whenAsked: context.wait.isStopped) {
            display.error(nil, "the output could not be opened before the end was asked for")
            display.finish()
        } _: {
            try await OpenedOutputs.open(options, context, examinedBy: trigger, onMark: onMark)
        }
    }

    /// Captures to the end; gives the program's exit status. The end of the process that started it is a reason to stop.
    public func run(whileRunning parent: ParentWatch? = nil) async -> Int32 {
        var run = self
        if let parent {
            Task { [post] in
                try await parent.waitUntilGone()
                post.yield(.parentGone)
            }
        }
        if let viewerFailure {
            Task { [post] in if let failure = await viewerFailure.value { post.yield(.viewerFailed(failure)) } }
        }
        Task { [post, signals] in for await request in signals.stream { post.yield(.signal(request)) } }
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
        let status = run.status ?? 1
        Exit.arm(after: Timeouts.exit, status)
        surveying.cancel()
        await surveying.value?.cf.close()
        display.finish()
        return status
    }

    private func every(_ interval: Duration, _ body: @escaping @Sendable () async -> Void) {
        Task {
            while true {
                try await Task.sleep(for: interval)
                await body()
            }
        }
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .surveyed(let survey): begin(survey)
        case .surveyFailed(let reason): surveyFailed(reason)
        case .instances(let instances): update(instances)
        case .instancesUnknown(let reason): instancesUnknown(reason)
        case .began(let point): sessionBegan(point)
        case .silent(let point, let failure): sessionIsSilent(point, failure)
        case .ended(let target, let outcome): sessionEnded(target, outcome)
        case .outputFailed(let error): outputFailed(error)
        case .outputProblem(let text): outputProblem(text)
        case .viewerFailed(let failure): viewerFailed(failure)
        case .second: secondPassed()
        case .signal(.stop): end(.signal)
        case .signal(.report): display.report(board.statuses, runStatus(at: .now))
        case .stopIsDue: end(.stop)
        case .outputsComplete: end(.outputsComplete)
        case .explanationIsDue: explainIfEmpty()
        case .beginIsOverdue: if !hasBegun { end(.stop) }
        case .deadline: deadlineCame()
        case .finished(let result): finished(result)
        case .handedOn: end(.handedOn)
        case .parentGone: end(.parentGone)
        case .trigger(let report): triggerReported(report)
        case .marked(let mark): packetMarked(mark)
        }
    }
}
