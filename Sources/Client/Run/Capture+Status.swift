/// The status that a run shows while it lasts.
extension Capture {
    /// Whether a session has begun to capture.
    var hasBegun: Bool { firstBegin != nil }

    /// Shows the instances and the run, until the summary is shown.
    func showStatus() {
        // Between lines of packets on the same terminal nobody could read a table.
        let isDrawn = options.printedForm == nil || isatty(STDOUT_FILENO) == 0
        guard survey != nil, isDrawn, ending.state.rank < Ending.State.handingOn.rank else { return }
        display.update(board.statuses(after: 1), runStatus(at: .now))
    }

    /// The state of the whole run; nil before the first session captures.
    func runStatus(at now: ContinuousClock.Instant) -> RunStatus? {
        guard let firstBegin else { return nil }
        return RunStatus(
            elapsed: now - firstBegin, duration: options.duration, output: merger.progress, event: eventStatus(at: now))
    }

    private func eventStatus(at now: ContinuousClock.Instant) -> RunStatus.Event? {
        guard !options.awaitedEvents.isEmpty, ending.isCapturing else { return nil }
        guard let time = awaited.time else { return .awaited(options.awaitedEvents) }
        return .came(option: options.optionOfEvent, remaining: max(.zero, options.timeAfterEvent - (now - time)))
    }
}
