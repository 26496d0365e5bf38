internal import Subprocess
internal import Synchronization

/// Hands complete files on: runs a person's command for each of them, one after the other, in the order of `submit`.
///
/// The capture does not wait for a command. Whoever writes the files calls, from any thread,
/// - ``submit(_:)`` with each file that is complete, by its final name;
/// - ``isPending(_:)`` before it removes an old file, to keep one that still waits as long as there is room;
/// - ``withdraw(_:)`` if a file that waits has to go all the same; where that gives false, the command works on the file;
/// - ``finish()`` at the end of the capture, which returns when the last command has ended;
/// - ``abandon()`` if the person does not want to wait for that.
final class FileHandover: Sendable {
    /// A command that failed.
    struct Failure: Sendable, Equatable, CustomStringConvertible {
        /// The file that it was run for.
        let path: String
        /// The command and its end.
        let description: String
    }

    private struct State {
        var waiting: [String] = []
        var current: String?
        /// The process of the running command, which leads a group of its own.
        var process: pid_t?
        var isAbandoned = false
        var isRunning = false
        /// The callers that wait for the last command.
        var finishers: [CheckedContinuation<Void, Never>] = []
    }

    private let command: HandoverCommand
    private let environment: [String: String]
    private let output: FileDescriptor
    private let onFailure: @Sendable (Failure) -> Void
    private let state = Mutex(State())

    /// Prepares to run a command with these variables, but for those of cf. Its standard output and error go to this
    /// process's standard error. `onFailure` is called for each command that fails, from a thread of its own.
    convenience init(
        _ command: HandoverCommand, environment: [String: String],
        onFailure: @escaping @Sendable (Failure) -> Void
    ) {
        self.init(command, environment: environment, output: .standardError, onFailure: onFailure)
    }

    init(
        _ command: HandoverCommand, environment: [String: String], output: FileDescriptor,
        onFailure: @escaping @Sendable (Failure) -> Void
    ) {
        self.command = command
        self.environment = environment
        self.output = output
        self.onFailure = onFailure
    }

    /// Takes a complete file. The command is run for it after those for all files before.
    func submit(_ path: String) {
        let mustStart = state.withLock { state in
            guard !state.isAbandoned else { return false }
            state.waiting.append(path)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { Task { await run() } }
    }

    /// Returns whether the command for this file has not ended yet.
    func isPending(_ path: String) -> Bool {
        state.withLock { $0.current == path || $0.waiting.contains(path) }
    }

    /// Takes a waiting file back, for which the command is then never run. Returns false if the file does not wait.
    func withdraw(_ path: String) -> Bool {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(of: path) else { return false }
            state.waiting.remove(at: index)
            return true
        }
    }

    /// The files whose command has not ended yet, in their order.
    var pending: [String] {
        state.withLock { ($0.current.map { [$0] } ?? []) + $0.waiting }
    }

    /// Returns when the command has ended for every file.
    func finish() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.isRunning { state.finishers.append(continuation) }
                return !state.isRunning
            }
            if isDone { continuation.resume() }
        }
    }

    /// Ends the running command with all it has started, and runs no other. Returns the files that were not handed on.
    ///
    /// The command gets SIGTERM, and SIGKILL a second later. ``finish()`` returns when nothing of it is left.
    func abandon() -> [String] {
        let (files, process) = state.withLock { state in
            let files = (state.current.map { [$0] } ?? []) + state.waiting
            state.isAbandoned = true
            state.waiting = []
            return (files, state.process)
        }
        if let process { terminate(process) }
        return files
    }

    /// The time that an abandoned command has between SIGTERM and SIGKILL.
    static let grace = Duration.seconds(1)
    /// The time that the system may take to end a group that was killed.
    static let killTime = Duration.milliseconds(500)
    /// The interval between two looks at what an abandoned command has left.
    private static let interval = Duration.milliseconds(20)

    private func terminate(_ process: pid_t) {
        ProcessGroup.signal(process, SIGTERM)
        Task {
            try? await Task.sleep(for: Self.grace)
            ProcessGroup.signal(process, SIGKILL)
        }
    }

    /// Returns when the group of an abandoned command, whose shell has ended, has ended as well. The programs that the shell
    /// has started may take SIGTERM otherwise than the shell, and would outlive the client.
    private func awaitGroup(_ process: pid_t) async {
        await awaitGroup(process, for: Self.grace)
        ProcessGroup.signal(process, SIGKILL)
        await awaitGroup(process, for: Self.killTime)
    }

    private func awaitGroup(_ process: pid_t, for time: Duration) async {
        let deadline = ContinuousClock.now + time
        while ProcessGroup.signal(process, 0), .now < deadline { try? await Task.sleep(for: Self.interval) }
    }

    private func run() async {
        while let path = next() {
            if let failure = await runCommand(for: path) { onFailure(failure) }
        }
    }

    /// Takes the next file; nil at the end, which is told to those who wait for it.
    private func next() -> String? {
        let (path, finishers) = state.withLock { state -> (String?, [CheckedContinuation<Void, Never>]) in
            state.current = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            guard state.current == nil else { return (state.current, []) }
            state.isRunning = false
            defer { state.finishers = [] }
            return (nil, state.finishers)
        }
        for finisher in finishers { finisher.resume() }
        return path
    }

    private func runCommand(for path: String) async -> Failure? {
        func failure(_ end: String) -> Failure {
            Failure(path: path, description: "--on-file '\(command.text)' for '\(path)': \(end)")
        }
        do {
            let result = try await Subprocess.run(
                configuration(for: path), input: .none,
                output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                error: .fileDescriptor(output, closeAfterSpawningProcess: false)
            ) { execution in
                let isAbandoned = state.withLock { state in
                    state.process = execution.processIdentifier.value
                    return state.isAbandoned
                }
                if isAbandoned { terminate(execution.processIdentifier.value) }
            }
            let (isAbandoned, process) = state.withLock { state in
                defer { state.process = nil }
                return (state.isAbandoned, state.process)
            }
            if isAbandoned, let process { await awaitGroup(process) }
            return switch result.terminationStatus {
            case .exited(0): nil
            case .exited(let status): failure("exit status \(status)")
            case .signaled(let signal): failure("ended by signal \(signal)")
            }
        } catch {
            state.withLock { $0.process = nil }
            return failure("\(error)")
        }
    }

    private func configuration(for path: String) -> Configuration {
        // A name that begins with a hyphen would be taken for an option.
        let argument = path.hasPrefix("-") ? "./\(path)" : path
        return .helper(.path("/bin/sh"), ["-c", command.script, "sh", argument], environment: environment)
    }
}
