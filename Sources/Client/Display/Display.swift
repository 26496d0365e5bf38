import Dispatch
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The messages to people, on standard error.
///
/// Nothing here waits for the reader, but `finish`. No text can command the terminal, wherever it came from.
public final class Display: Sendable {
    private let writer: TerminalWriter
    private let isQuiet: Bool
    private let rateLimits = Mutex<[CapturePoint: RateLimit]>([:])
    private let pending = Mutex(PendingNotices())
    /// The moment from which on a line of progress is due; nil before the first update.
    private let nextProgress = Mutex<ContinuousClock.Instant?>(nil)

    /// The time from the first update to the first line of progress, where there is no terminal.
    static let firstProgress = Duration.seconds(10)
    /// The time between two lines of progress: a log of days stays readable.
    static let progressInterval = Duration.seconds(300)

    /// A display on standard error; a quiet one says nothing but warnings and errors.
    public convenience init(quiet: Bool) {
        // Terminals without a name or called dumb know no escape sequences.
        let name = ProcessInfo.processInfo.environment["TERM"] ?? ""
        let isTerminal = isatty(STDERR_FILENO) == 1 && !["", "dumb"].contains(name)
        self.init(writer: TerminalWriter(descriptor: STDERR_FILENO, isTerminal: isTerminal), quiet: quiet)
    }

    /// Shows the error that the program ends with.
    public static func show(_ error: any Error) {
        let display = Display(quiet: true)
        display.error(nil, "\(error)")
        display.finish()
    }

    init(writer: TerminalWriter, quiet: Bool) {
        self.writer = writer
        isQuiet = quiet
    }

    /// Says something that nobody needs to act on.
    func say(_ text: String) {
        if !isQuiet { add([text.printable]) }
    }

    /// Says something of a capture point that nobody needs to act on, as ``warn(_:_:)`` does.
    func say(_ point: CapturePoint, _ text: String) {
        if !isQuiet { add(nil, point, text) }
    }

    /// Warns of a capture point, or of the whole. What several points have in common within a moment is one line.
    func warn(_ point: CapturePoint?, _ text: String) {
        add("warning", point, text)
    }

    /// Tells of a failure of a capture point, or of the whole, as ``warn(_:_:)`` does.
    func error(_ point: CapturePoint?, _ text: String) {
        add("error", point, text)
    }

    /// Tells of a failure of instances of a process, of which there may be many more than the app has.
    func error(_ process: String, _ indices: [ClosedRange<Int>], _ text: String) {
        add(["\(InstanceNames.text(process, indices).printable): error: \(text.printable)"])
    }

    /// Shows how the instances and the run fare. To be called once a second; without a terminal a line comes after
    /// ``firstProgress``, and then every ``progressInterval``.
    func update(_ statuses: [InstanceStatus], _ run: RunStatus? = nil, at now: ContinuousClock.Instant = .now) {
        if isQuiet || statuses.isEmpty { return }
        if writer.takesTable {
            writer.draw(StatusTable.lines(statuses, run, size: writer.size))
        } else if isProgressDue(at: now) {
            add([Reports.progress(statuses, run).printable])
        }
    }

    /// Says how the instances and the run fare, even if the display is quiet: somebody has asked for it.
    func report(_ statuses: [InstanceStatus], _ run: RunStatus? = nil) {
        add([Reports.progress(statuses, run).printable])
    }

    /// Replaces the table by the summary of the whole capture.
    func summary(_ statuses: [InstanceStatus], order: OrderReport) {
        if isQuiet {
            for caution in Reports.cautions(statuses, order: order) { warn(nil, caution) }
            return
        }
        writer.draw([])
        add(Reports.summary(statuses, order: order).map(\.printable))
    }

    /// Returns when all has been written, or after a second.
    func finish() {
        add([])
        writer.flush()
    }

    private func add(_ kind: String?, _ point: CapturePoint?, _ text: String) {
        let prefix = kind.map { "\($0): " } ?? ""
        guard let point else { return add(["\(prefix)\(text.printable)"]) }
        let (isShown, omitted) = rateLimits.withLock { rateLimits in
            rateLimits[point, default: RateLimit(at: .now)].take(at: .now)
        }
        if omitted > 0 {
            add(["\(point): \(Quantity.count(omitted)) more warnings and errors were left out".printable])
        }
        guard isShown else { return }
        if pending.withLock({ $0.add(point, prefix + text.printable, at: .now) }) {
            showPending(after: PendingNotices.pause)
        }
    }

    /// Adds lines behind those that wait.
    private func add(_ lines: [String]) {
        let all = pending.withLock { $0.removeAll() } + lines
        if !all.isEmpty { writer.add(all) }
    }

    /// Shows the lines that wait, after that time or when they are due.
    private func showPending(after time: Duration) {
        let milliseconds = Int(time / .milliseconds(1)) + 1
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in
            guard let self, let due = pending.withLock(\.due) else { return }
            let rest = due - .now
            if rest > .zero { showPending(after: rest) } else { add([]) }
        }
    }

    private func isProgressDue(at now: ContinuousClock.Instant) -> Bool {
        nextProgress.withLock { next in
            let due = next ?? now + Self.firstProgress
            let isDue = now >= due
            next = isDue ? now + Self.progressInterval : due
            return isDue
        }
    }
}
