internal import Subprocess
internal import Synchronization

/// One session: the agent at one capture point, from its start to its end.
struct Session: Sendable {
    /// A command to a running session.
    enum Command: Sendable {
        /// End in order: the agent is stopped and hands over what it has.
        case stop
        /// End in order, as for ``stop``; nothing that the agent still has is wanted.
        case dismiss
        /// End at once.
        case kill
    }

    /// The end of a session.
    enum Outcome: Sendable {
        /// As it was asked to, with all that the agent captured.
        case complete
        /// Otherwise.
        case failed(SessionFailure)
    }

    let target: SessionTarget
    let app: App
    let options: CaptureOptions
    let cf: CF
    let merger: Merger
    let board: StatusBoard
    let display: Display
    /// Called when the agent's header has come.
    let onCapturing: @Sendable () -> Void
    /// Called when nothing was heard of the session for long, with the failure that is near.
    let onSilence: @Sendable (SessionFailure) -> Void

    var point: CapturePoint { target.point }

    /// Runs the session to its end. What it captures goes into a stream that the merge expects.
    func run(_ commands: AsyncStream<Command>, into stream: StreamID) async -> Outcome {
        let progress = SessionProgress(stream)
        let outcome: Outcome
        do {
            outcome = try await runSession(commands, progress)
        } catch let failure as SessionFailure {
            outcome = .failed(failure)
        } catch {
            outcome = .failed(SessionFailure(.unknown, "\(error)"))
        }
        var statistics = progress.statistics
        if case .failed(let failure) = outcome { statistics.comment = failure.description }
        await merger.close(stream, statistics)
        board.endSession(point, hasLastCounts: progress.withLog(\.isStopped) || !progress.hasBegun)
        guard case .failed(let failure) = outcome else { return outcome }
        return .failed(await confirmed(failure))
    }

    /// Runs cf from its start to its end. Throws SessionFailure if the session could not be opened, or sends what is no
    /// capture.
    ///
    /// If the closure of `Subprocess.run` throws, swift-subprocess kills cf before `run` throws the same error: the
    /// teardown sequence of the configuration is empty, and its implicit last step is SIGKILL.
    private func runSession(
        _ commands: AsyncStream<Command>, _ progress: SessionProgress
    ) async throws -> Outcome {
        let (configuration, home, appName) = try await cf.session(to: point, of: app, options)
        defer { cf.discard(home) }
        if appName != app.name { display.say(point, "app '\(app.name)' is called '\(appName)' now") }
        let (packets, log) = try Self.makePipes()
        let result = try await Subprocess.run(
            configuration, input: .inputWriter,
            output: .fileDescriptor(packets.writingEnd, closeAfterSpawningProcess: true),
            error: .fileDescriptor(log.writingEnd, closeAfterSpawningProcess: true)
        ) { execution in
            try await withThrowingTaskGroup { group in
                group.addTask { try await readPackets(packets, progress) }
                group.addTask { try await readLog(log, progress) }
                let supervision = Task {
                    await withTaskGroup { group in
                        group.addTask { await handleCommands(commands, execution, progress) }
                        group.addTask { await killIfSilent(execution, progress) }
                    }
                }
                // The first that fails ends the others.
                let end = await group.untilFirstFailure()
                supervision.cancel()
                await supervision.value
                try end.get()
            }
        }
        await endPackets(progress, isOrderly: progress.isStopping || result.terminationStatus == .exited(0))
        return progress.outcome(
            of: result.terminationStatus, request: options.request(to: point.instance, of: app, cf.route))
    }

    private func confirmed(_ failure: SessionFailure) async -> SessionFailure {
        let reachesOthers = board.statuses.contains { $0.point.instance != point.instance && $0.state.isCapturing }
        return await cf.confirmed(failure, of: app, at: point.instance, reachesOthers: reachesOthers)
    }

    private static func makePipes() throws -> (packets: SessionPipe, log: SessionPipe) {
        let packets = try SessionPipe(isWide: true)
        do {
            return (packets, try SessionPipe())
        } catch {
            packets.closeWritingEnd()
            throw error
        }
    }

    /// Carries out what is asked for.
    private func handleCommands<Output, Errors>(
        _ commands: AsyncStream<Command>, _ execution: Execution<CustomWriteInput, Output, Errors>,
        _ progress: SessionProgress
    ) async {
        await withTaskGroup { group in
            for await command in commands where !Task.isCancelled {
                switch command {
                case .stop, .dismiss:
                    progress.stop(at: .now, isWanted: command != .dismiss)
                    group.addTask {
                        await giveTimeToBegin(progress)
                        // The remote command takes the end of its standard input for the word to stop.
                        try? await execution.standardInputWriter.finish()
                    }
                case .kill:
                    progress.kill(.endOfDrain)
                    execution.kill()
                }
            }
        }
    }

    /// Waits for the agent's header, a second at most: with it an instance without packets counts as captured, without it
    /// as failed.
    private func giveTimeToBegin(_ progress: SessionProgress) async {
        for _ in 0..<20 where !progress.hasBegun && !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Kills the session if it gives no sign of life, or delivers nothing after the stop.
    private func killIfSilent<Input, Output, Errors>(
        _ execution: Execution<Input, Output, Errors>, _ progress: SessionProgress
    ) async {
        var isTold = false
        while (try? await Task.sleep(for: Self.checkInterval)) != nil {
            if !isTold, let failure = progress.hint(at: .now) {
                isTold = true
                // Asking for the cause may take as long as the session.
                Task { onSilence(await confirmed(failure)) }
            }
            guard let reason = progress.silence(at: .now) else { continue }
            progress.kill(reason)
            execution.kill()
            return
        }
    }

    /// The time between two looks for a sign of life.
    static let checkInterval = Duration.milliseconds(500)
}

extension ThrowingTaskGroup {
    /// Waits for all tasks, or for the first that fails, which ends the others.
    fileprivate mutating func untilFirstFailure() async -> Result<Void, any Error> {
        do {
            while try await next() != nil {}
            return .success(())
        } catch {
            cancelAll()
            return .failure(error)
        }
    }
}

extension Execution {
    /// Ends the process of cf and what it may have started; it leads a session of its own.
    fileprivate func kill() {
        try? send(signal: .kill, toProcessGroup: true)
    }
}
