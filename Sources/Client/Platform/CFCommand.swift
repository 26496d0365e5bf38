internal import Subprocess

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The cf CLI, run as a child.
struct CFCommand {
    /// A command's output and end.
    struct Result {
        var status: TerminationStatus
        var output: [UInt8]
        var errors: [UInt8]
    }

    /// The path of the executable.
    let executable: String
    /// The environment it gets, but for the changes of `configuration`.
    let environment: [String: String]

    /// Finds cf: the CLI that started this program as a plugin, else the one that the shell would find.
    static func find(in environment: [String: String], startedBy parent: Int32?) throws(PlatformError) -> CFCommand {
        if let program = parent.flatMap({ ParentProgram.path(of: $0) }) {
            return CFCommand(executable: program, environment: environment)
        }
        for folder in (environment["PATH"] ?? "").split(separator: ":") {
            let path = "\(folder)/cf"
            if ParentProgram.isProgram(path) { return CFCommand(executable: path, environment: environment) }
        }
        throw PlatformError(
            "there is no 'cf' in PATH: install the Cloud Foundry CLI, see https://github.com/cloudfoundry/cli#downloads"
        )
    }

    /// Returns cf with these arguments, away from the terminal, so that no key pressed there reaches it.
    ///
    /// `home` is nil for a command that works on the caller's own configuration. For a copy CF_PLUGIN_HOME is unset: cf
    /// looks for plugins in the copy then, which has none. The rest of the environment is the caller's, but for what would
    /// mix with cf's output or change its words.
    func configuration(_ arguments: [String], home: String?) -> Configuration {
        var environment = environment
        environment.merge(["CF_TRACE": "false", "CF_COLOR": "false", "LC_ALL": "C"]) { $1 }
        if let home {
            environment["CF_HOME"] = home
            environment["CF_PLUGIN_HOME"] = nil
        }
        var options = PlatformOptions()
        options.createSession = true
        return Configuration(
            executable: .path(FilePath(executable)), arguments: Arguments(arguments),
            environment: .only(environment), platformOptions: options)
    }

    /// Runs cf to its end. After a minute it is killed.
    func run(_ arguments: [String], home: String?) async throws(PlatformError) -> Result {
        do {
            return try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask { try await start(arguments, home: home) }
                group.addTask {
                    try await Task.sleep(for: .seconds(60))
                    return nil
                }
                defer { group.cancelAll() }
                guard let result = try await group.next(), let result else {
                    throw PlatformError(
                        "'\(name(of: arguments))' did not answer for a minute: is the platform in reach?")
                }
                return result
            }
        } catch let error as PlatformError {
            throw error
        } catch is CancellationError {
            throw PlatformError("'\(name(of: arguments))' was stopped")
        } catch {
            throw PlatformError("failed to run '\(executable)': \(error)")
        }
    }

    /// Runs cf on the person's own configuration. If the task is cancelled, nobody waits for it, but it goes on: killed
    /// between its answer from the platform and its last line, it would leave the person logged out.
    func runToItsEnd(_ arguments: [String]) async throws(PlatformError) -> Result {
        let (results, post) = AsyncStream.makeStream(of: Swift.Result<Result, PlatformError>.self)
        Task {
            do throws(PlatformError) {
                post.yield(.success(try await run(arguments, home: nil)))
            } catch {
                post.yield(.failure(error))
            }
        }
        for await result in results { return try result.get() }
        throw PlatformError("'\(name(of: arguments))' was not waited for")
    }

    private func start(_ arguments: [String], home: String?) async throws -> Result {
        let limit = 1 << 20
        guard home != nil else {
            // cf saves its tokens after it has printed; a pipe whose reader is gone would end it before that (SIGPIPE).
            let result = try await Subprocess.run(
                configuration(arguments, home: home), output: .discarded, error: .bytes(limit: limit))
            return Result(status: result.terminationStatus, output: [], errors: result.standardError)
        }
        let result = try await Subprocess.run(
            configuration(arguments, home: home), output: .bytes(limit: 16 << 20), error: .bytes(limit: limit))
        return Result(
            status: result.terminationStatus, output: result.standardOutput, errors: result.standardError)
    }

    /// For messages: `cf curl /v3/apps/…`, or `cf ssh APP -i 0` without the script behind it. No argument holds a secret.
    private func name(of arguments: [String]) -> String {
        (["cf"] + arguments.prefix { $0 != "-c" }).joined(separator: " ")
    }
}
