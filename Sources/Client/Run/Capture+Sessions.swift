/// The events of a run before its end: instances that come and go, and their sessions.
extension Capture {
    mutating func begin(_ survey: Survey) {
        guard ending.isCapturing else { return }
        if let excess = roster.excess(of: survey.instances) { return surveyFailed(excess) }
        self.survey = survey
        Task { [merger, commandLine] in await merger.identify("\(survey.origin): \(commandLine)") }
        end(.surveyed)
        for process in survey.processes.hidden {
            display.warn(
                nil, "a deployment replaces process \(process): only the instances that cf ssh reaches are captured")
        }
        display.say(Announcements.starting(on: options.indices))
        if !options.simpleFilter.isEmpty, let expression = options.captureFilter {
            display.say(Announcements.filter(expression, names: options.simpleFilter.names))
        }
        update(survey.instances)
        // A capture of limited time ends even if no session ever begins.
        if let duration = options.duration { send(.beginIsOverdue, after: duration + Timeouts.firstBegin) }
    }

    /// Posts an event after a time.
    func send(_ event: Event, after time: Duration) {
        Task { [post] in
            try await Task.sleep(for: time)
            post.yield(event)
        }
    }

    mutating func surveyFailed(_ reason: String) {
        // Once the run is stopping, questions fail because they were broken off, which nobody needs to be told.
        guard ending.isCapturing else { return }
        display.error(nil, reason)
        roster.fail()
        end(.nothingLeft)
    }

    mutating func update(_ instances: [Instance]) {
        isAsking = false
        lastAsked = .now
        unanswered = 0
        guard ending.isCapturing else { return }
        lookForCrash(among: instances)
        carryOut(roster.update(instances, at: .now))
        finishIfNothingIsLeft()
    }

    mutating func carryOut(_ actions: [Roster.Action]) {
        start(actions.compactMap { if case .start(let target) = $0 { target } else { nil } })
        for case .tell(let point, let failure) in actions {
            if roster.isWaiting(for: point) {
                display.warn(point, failure.description)
                board.set(point, .waiting)
            } else {
                display.error(point, failure.description)
                board.set(point, .failed(failure.reason))
            }
        }
        for case .tellRemoved(let point, let wasCaptured) in actions {
            let text = "the platform no longer has it, as after scaling down"
            let end = wasCaptured ? ": it was captured until then" : ""
            if options.indices == nil { display.say(point, text + end) } else { display.error(point, text + end) }
            board.set(point, wasCaptured ? .ended : .failed(text))
        }
        for case .tellAbsent(let process, let indices, let failure) in actions {
            display.error(process, indices, failure.description)
        }
    }

    /// Opens sessions. Their streams are made known to the merge before the first of them sends anything: what comes
    /// first waits for the others.
    mutating func start(_ targets: [SessionTarget]) {
        guard let survey, !targets.isEmpty else { return }
        let opening = targets.map { target in
            let (commands, continuation) = AsyncStream.makeStream(of: Session.Command.self)
            sessions[target.point] = continuation
            board.set(target.point, .starting)
            let session = Session(
                target: target, app: survey.app, options: options, cf: survey.cf, merger: merger,
                board: board, display: display, onCapturing: { [post] in post.yield(.began(target.point)) },
                onSilence: { [post] in post.yield(.silent(target.point, $0)) })
            return (session, commands)
        }
        Task { [post, merger] in
            let streams = await merger.open(opening.count)
            for ((session, commands), stream) in zip(opening, streams) {
                Task { post.yield(.ended(session.target, await session.run(commands, into: stream))) }
            }
        }
    }

    mutating func sessionBegan(_ point: CapturePoint) {
        reportedFailures.remove(point)
        if roster.sessionBegan(of: point, at: .now) { display.say(point, "capturing again") }
        guard !hasBegun else { return }
        firstBegin = .now
        display.say(Announcements.capturing)
        if options.interfaces == ["eth0"] { display.say(Announcements.proxy) }
        send(.explanationIsDue, after: EmptyCapture.delay)
        if let duration = options.duration { send(.stopIsDue, after: duration) }
    }

    /// Warns of a session that has not begun, once.
    mutating func sessionIsSilent(_ point: CapturePoint, _ failure: SessionFailure) {
        guard ending.isCapturing, sessions[point] != nil, reportedFailures.add(failure, of: point) else { return }
        display.warn(point, failure.description)
    }

    mutating func sessionEnded(_ target: SessionTarget, _ outcome: Session.Outcome) {
        sessions.removeValue(forKey: target.point)?.finish()
        switch outcome {
        case .complete:
            board.set(target.point, .ended)
            roster.sessionCompleted(of: target.point)
        case .failed(let failure):
            sessionFailed(target, failure)
        }
        finishIfNothingIsLeft()
    }

    mutating func sessionFailed(_ target: SessionTarget, _ failure: SessionFailure) {
        let mayRejoin = ending.isCapturing
        suspectCrash(of: target.instance)
        if let action = roster.sessionFailed(of: target, failure, mayRejoin: mayRejoin, at: .now) {
            carryOut([action])
        } else if roster.isWaiting(for: target.point) {
            if reportedFailures.add(failure, of: target.point) {
                display.warn(target.point, "\(failure); it is joined again when it runs")
            }
            board.set(target.point, .waiting)
        } else {
            let isNew = reportedFailures.add(failure, of: target.point)
            display.error(target.point, isNew ? failure.description : failure.reason)
            board.set(target.point, .failed(failure.reason))
        }
    }

    mutating func outputFailed(_ error: OutputError) {
        if error == .readerGone { display.say("The reader of the output has gone.") }
        guard ending.isCapturing else { return }
        // Nothing is written any more, so that the sessions end in order by themselves. Whether Wireshark failed is known
        // a moment after it has closed its pipe.
        if viewerFailure == nil { end(.stop) } else { send(.stopIsDue, after: .milliseconds(300)) }
    }

    /// Tells of a failure of an output that does not end the capture.
    mutating func outputProblem(_ text: String) {
        display.error(nil, text)
        roster.fail()
    }

    /// Without a file the capture ends: nobody gets the packets any more.
    mutating func viewerFailed(_ failure: Viewer.Failure) {
        outputProblem(failure.description)
        if !options.writesFile { end(.stop) }
    }

    /// Explains a capture to which no packet has come, once.
    func explainIfEmpty() {
        guard ending.isCapturing, board.statuses.allSatisfy({ $0.packets == 0 }) else { return }
        display.say(EmptyCapture(options: options).explanation)
    }

    mutating func secondPassed() {
        showStatus()
        askIfDue()
        tellSurveying()
        tellDraining()
        lookAtOutput()
    }

    /// Says once that the platform has not answered yet.
    private mutating func tellSurveying() {
        guard ending.state == .surveying, !hasToldSurveying, .now - began >= Self.timeOfSurvey else { return }
        hasToldSurveying = true
        display.say("Waiting for the platform's answer.")
    }

    /// The platform usually answers within this time.
    private static let timeOfSurvey = Duration.seconds(5)

    /// The interval between two questions to the platform while an instance is waited for.
    private static let shortInterval = Duration.seconds(2)
    /// The interval between two questions to the platform while new instances may appear.
    private static let longInterval = Duration.seconds(10)

    /// Asks the platform which instances run, if there is reason to and time.
    mutating func askIfDue() {
        guard ending.isCapturing, survey != nil, !isAsking else { return }
        let isUrgent = roster.isWaiting || awaited.crashes.isWaiting
        guard options.follow || awaited.crashes.isWaiting else { return }
        guard .now - lastAsked >= (isUrgent ? Self.shortInterval : Self.longInterval) else { return }
        ask()
    }

    /// Asks the platform which instances run, unless it is being asked.
    mutating func ask() {
        guard let survey, !isAsking else { return }
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
    mutating func instancesUnknown(_ error: PlatformError) {
        isAsking = false
        lastAsked = .now
        unanswered += 1
        guard ending.isCapturing else { return }
        if error.kind == .deleted {
            display.error(nil, error.description)
            roster.fail()
            return end(.stop)
        }
        awaited.crashes.expire(at: .now)
        defer { finishIfNothingIsLeft() }
        let limit = error.kind == .loggedOut ? 1 : Self.mostUnanswered
        guard unanswered == limit else { return }
        display.warn(nil, "the platform does not say which instances run, and none is joined until it does: \(error)")
    }

    static let mostUnanswered = 3

    /// Whether an instance may appear that is to be captured and that nobody knows of yet.
    var mayGrow: Bool { options.indices == nil || options.processes == .all }
}
