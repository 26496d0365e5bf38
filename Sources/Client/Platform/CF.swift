internal import Subprocess

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The platform, asked through the cf CLI of the person who is logged in.
actor CF {
    /// The API, organization and space of the whole run.
    nonisolated let target: Target

    nonisolated let command: CFCommand
    nonisolated let home: PrivateHome
    nonisolated let login: Login
    /// The questions that wait for their answers.
    private var questions: [UUID: Task<CFCommand.Result, any Error>] = [:]
    private var isClosed = false

    /// The failure of every session to the app that the platform's own rules cause; nil if they allow sessions.
    let prohibition = SharedQuestion<SessionFailure?>()
    /// Whether the platform takes the tokens that there are now.
    let loginCheck = SharedQuestion<Bool>()
    /// The app's present name; nil if the platform does not tell it.
    let appName = SharedQuestion<String?>()
    /// The address of the SSH proxy, once it has been asked for.
    var endpoint: Task<String?, Never>?

    private init(command: CFCommand, home: PrivateHome, login: Login) {
        self.command = command
        self.home = home
        self.login = login
        target = login.original.target
    }

    /// Finds cf, renews the tokens and makes a folder for copies of its configuration, which `close` removes.
    ///
    /// `parent` is the process of cf that started this program as a plugin.
    static func open(
        environment: [String: String]? = nil, startedBy parent: Int32? = nil
    ) async throws(PlatformError) -> CF {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let command = try CFCommand.find(in: environment, startedBy: parent)
        let login = try await Login.open(command: command, home: CFHome(in: environment))
        let temporary = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        return CF(command: command, home: try PrivateHome(in: temporary), login: login)
    }

    /// Stops the questions to cf, and removes the copies of its configuration. Later questions fail.
    func close() async {
        isClosed = true
        for question in questions.values { question.cancel() }
        for question in questions.values { _ = await question.result }
        home.remove()
    }

    // MARK: One question

    /// Asks the API. A failure that may pass is asked about again, twice.
    func get<Answer: Decodable & Sendable>(_ path: String) async throws(PlatformError) -> Answer {
        try await persistently { () async throws(PlatformError) in
            let result = try await self.ask(["curl", path])
            if result.isBlank { throw await self.silence(at: path) }
            return try API.decode(result.output, from: path)
        }
    }

    /// Repeats a question, with pauses, as long as its failure may pass; three times in all.
    func persistently<Answer: Sendable>(
        _ question: () async throws(PlatformError) -> Answer
    ) async throws(PlatformError) -> Answer {
        for pause in [Duration.milliseconds(500), .milliseconds(1500)] {
            do throws(PlatformError) {
                return try await question()
            } catch {
                guard error.kind == .passing, !isClosed else { throw error }
                try? await Task.sleep(for: pause)
            }
        }
        return try await question()
    }

    /// Runs cf on a copy of the configuration. Where the platform takes the tokens no longer, tries again with others.
    func ask(_ arguments: [String]) async throws(PlatformError) -> CFCommand.Result {
        var configuration = try await login.configuration()
        for _ in 1...Self.mostLogins {
            let result = try await run(arguments, configuration)
            guard result.isLoggedOut else { return result }
            // Tokens that end while cf works are no lost login: it ends when there are no others.
            configuration = try await login.configuration(after: configuration)
        }
        throw await login.refuse(configuration)
    }

    /// The tokens that are tried for one question. On a slow platform one or two may end before its answer.
    private static let mostLogins = 3

    /// Runs cf on a copy of this configuration.
    func run(
        _ arguments: [String], _ configuration: CFConfiguration
    ) async throws(PlatformError) -> CFCommand.Result {
        if isClosed { throw PlatformError("cf was stopped") }
        let task = Task { [command, home] in
            let copy = try home.makeCopy(of: configuration)
            defer { home.discard(copy) }
            return try await command.run(arguments, home: copy)
        }
        let id = UUID()
        questions[id] = task
        defer { questions[id] = nil }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            throw error as? PlatformError ?? PlatformError("failed to run cf: \(error)")
        }
    }

    /// Finds out why `cf curl` printed nothing: it hides every failure but that of the platform's own answer. Another
    /// command names the cause; where that one succeeds, the failure has passed.
    private func silence(at path: String) async -> PlatformError {
        do throws(PlatformError) {
            let result = try await ask(["space", target.space, "--guid"])
            guard !result.status.isSuccess else {
                return PlatformError("the platform did not answer \(path)", .passing)
            }
            return PlatformError(result.complaint(of: "cf space"), .passing)
        } catch {
            return error
        }
    }
}

extension CFCommand.Result {
    /// Whether cf has no token that the platform takes, by its words or by an answer of the API.
    var isLoggedOut: Bool {
        if CFMessages.isLoggedOut(String(decoding: errors, as: UTF8.self)) { return true }
        guard status.isSuccess, output.count < 4096 else { return false }
        return (try? JSONDecoder().decode(API.Refusal.self, from: Data(output)))?.kind == .loggedOut
    }

    /// Whether nothing but white space was printed.
    var isBlank: Bool { status.isSuccess && output.allSatisfy { [0x0A, 0x0D, 0x20].contains($0) } }

    /// Returns why a command of cf failed, in cf's words: they name the remedy, as in "Not logged in. Use 'cf login' …".
    func complaint(of command: String) -> String {
        let text = String(decoding: errors, as: UTF8.self).inOneLine(limit: 500)
        return text.isEmpty ? "'\(command)' failed: \(status)" : "\(command): \(text)"
    }
}
