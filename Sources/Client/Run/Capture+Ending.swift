/// The ending of a run, which ``Ending`` decides and this carries out.
extension Capture {
    /// Takes an event of the ending.
    mutating func end(_ event: Ending.Event) {
        let before = ending
        for action in ending.handle(event, at: .now) { carryOut(action) }
        if ending.deadline != before.deadline { setAlarm() }
        guard ending.state == .draining && before.state != .draining else { return }
        drainBegan = .now
        // Perhaps no session was running when the stop came.
        finishIfNothingIsLeft()
    }

    mutating func finishIfNothingIsLeft() {
        guard sessions.isEmpty, !(ending.isCapturing && (roster.isAlive || awaited.crashes.isWaiting)) else { return }
        end(.nothingLeft)
    }

    /// Reports the deadline of the ending, unless it is another one by then.
    mutating func deadlineCame() {
        guard let deadline = ending.deadline, deadline <= .now else { return }
        // The ends of sessions come through the merger, which is writing.
        end(ending.state == .killing && isOutputStalled(for: Timeouts.kill) ? .outputStalled : .deadline)
    }

    /// Waits no longer for an output that has accepted nothing since the stop.
    mutating func lookAtOutput() {
        if ending.state == .draining, isOutputStalled(for: Timeouts.finish) { end(.outputStalled) }
    }

    private func isOutputStalled(for time: Duration) -> Bool {
        guard let pending = watch.pending, let drainBegan else { return false }
        return .now - max(pending.since, drainBegan) >= time
    }

    private mutating func setAlarm() {
        alarm?.cancel()
        alarm = ending.deadline.map { deadline in
            Task { [post] in
                try await Task.sleep(until: deadline, clock: .continuous)
                post.yield(.deadline)
            }
        }
    }

    private mutating func carryOut(_ action: Ending.Action) {
        switch action {
        case .stopAgents:
            for session in sessions.values { session.yield(.stop) }
        case .dismissAgents:
            for session in sessions.values { session.yield(.dismiss) }
        case .killSessions:
            for session in sessions.values { session.yield(.kill) }
        case .abandonSessions:
            for point in sessions.keys.sorted() { display.error(point, "its session did not end in time") }
            roster.fail()
        case .finishOutputs:
            Task { [post, merger] in post.yield(.finished(await merger.finish())) }
        case .abandonOutputs:
            display.error(nil, Reports.abandoned(output, watch.pending, at: .now))
            endCommand()
            status = 1
        case .awaitCommand: awaitCommand()
        case .endCommand: endCommand()
        case .conclude: conclude()
        }
    }

    private func awaitCommand() {
        guard let handover else { return }
        display.say("Waiting for --on-file, which has \(Announcements.files(handover.pending)) to go; ^C ends it.")
        Task { [post] in
            await handover.finish()
            post.yield(.handedOn)
        }
    }

    private mutating func endCommand() {
        guard let files = handover?.abandon(), !files.isEmpty else { return }
        outputProblem("--on-file has not ended for \(Announcements.files(files))")
    }

    /// Says once, a second after the stop, what the run waits for.
    mutating func tellDraining() {
        guard ending.state == .draining, !hasToldDraining, let deadline = ending.deadline,
            deadline - .now <= Timeouts.drain - .seconds(1)
        else { return }
        hasToldDraining = true
        let names = sessions.keys.filter { roster.hasBegun($0) }.sorted().map(\.description)
        guard !names.isEmpty else { return }
        let seconds = Timeouts.drain.components.seconds
        display.say(
            "Waiting for the last packets of \(Quantity.list(names)), \(seconds) seconds at most; ^C again ends it now."
        )
    }

    mutating func finished(_ result: Merger.Result) {
        guard ending.state == .finishing else { return }
        if survey != nil { display.summary(board.statuses, order: result.order) }
        let came = Totals(board.statuses).packets
        if options.endsByPackets, result.failure == nil, result.written < UInt64(came) {
            display.say(Announcements.partWritten(Int(clamping: result.written), of: came))
        }
        if let failure = result.failure, failure != .readerGone {
            display.error(nil, Reports.failure(failure, written: result.written, of: came))
            roster.fail()
        }
        let hasOutput = result.hasBegun && hasBegun
        if !hasOutput {
            roster.fail()
            let isLost = if case .lost? = result.failure { true } else { false }
            if survey != nil && !isLost {
                display.say(Announcements.nothingSaved(isFile: options.writesFile))
            }
        }
        if unanswered >= Self.mostUnanswered && mayGrow { roster.fail() }
        tellUnexplained()
        if hasOutput {
            tellUnmarked()
            self.result = result
        }
        end(handover?.pending.isEmpty == false ? .filesWait : .finished)
    }

    /// Says where the capture is, behind all else that is said.
    private mutating func conclude() {
        status = exitStatus(hasOutput: result != nil && result?.failure == nil)
        let single = SavedFiles(paths: [output], removed: 0)
        guard let result, options.writesFile, let files = options.rotation == nil ? single : result.saved else {
            return
        }
        let missing = handover == nil ? 0 : files.paths.count { (try? FilePath($0).stat()) == nil }
        display.say(Announcements.saved(files, missing: missing))
    }

    private func exitStatus(hasOutput: Bool) -> Int32 {
        guard hasOutput, let missing = options.missingEnd(hasEventCome: awaited.hasCome, written: result?.written ?? 0)
        else {
            return roster.isComplete ? 0 : 1
        }
        display.warn(nil, "\(missing): exit status \(Self.eventDidNotCome)")
        return Self.eventDidNotCome
    }
}
