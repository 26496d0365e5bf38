internal import Subprocess

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The person's login with cf: its tokens, renewed in the person's own configuration and nowhere else.
///
/// The login picks up a new `cf login` of the person by itself. It never tries tokens again that the platform refused: a
/// renewal that runs while somebody logs in could write the old ones over the new.
actor Login {
    /// The configuration as it was at the start: the API, organization and space stay those for the whole run.
    let original: CFConfiguration

    private let command: CFCommand
    private let home: CFHome
    /// The tokens that could not be renewed, or that the platform took no longer.
    private var refused: Tokens?
    private var renewal: Task<Void, any Error>?

    private init(command: CFCommand, home: CFHome, original: CFConfiguration) {
        self.command = command
        self.home = home
        self.original = original
    }

    /// Renews the tokens and reads the configuration. Throws an error of the kind `loggedOut` if nobody is logged in.
    static func open(command: CFCommand, home: CFHome) async throws(PlatformError) -> Login {
        try await renew(command, remedy: (try? home.read())?.remedy)
        return Login(command: command, home: home, original: try home.read())
    }

    /// Returns the configuration for a process of cf that starts now: the tokens are good for another minute.
    func configuration() async throws(PlatformError) -> CFConfiguration {
        var current = try read()
        if current.tokens == refused { throw Self.loggedOut(remedy: current.remedy) }
        if current.tokens.endSoon(at: Date()) {
            try await renewOnce(current)
            current = try read()
        }
        return current
    }

    /// Returns a configuration to try again with, after the platform has refused the tokens of one. Throws an error of the
    /// kind `loggedOut` if no others are to be had.
    func configuration(after failed: CFConfiguration) async throws(PlatformError) -> CFConfiguration {
        var current = try read()
        if current.tokens == failed.tokens {
            if current.tokens != refused { try await renewOnce(current) }
            current = try read()
        }
        guard current.tokens != failed.tokens else {
            throw refuse(current)
        }
        return current
    }

    /// Takes it that the platform does not accept these tokens: they are not tried again. Returns the error that says so.
    func refuse(_ configuration: CFConfiguration) -> PlatformError {
        refused = configuration.tokens
        return Self.loggedOut(remedy: configuration.remedy)
    }

    private func read() throws(PlatformError) -> CFConfiguration {
        let current = try home.read()
        guard current.target.api == original.target.api else {
            throw PlatformError(
                "cf is logged in to \(current.target.api) now, and no longer to \(original.target.api): \(current.remedy)",
                .loggedOut)
        }
        return original.with(loginOf: current)
    }

    /// Renews the tokens. Whoever asks while a renewal runs waits for that one.
    private func renewOnce(_ current: CFConfiguration) async throws(PlatformError) {
        let running = renewal ?? Task { [command] in try await Self.renew(command, remedy: current.remedy) }
        renewal = running
        defer { if renewal == running { renewal = nil } }
        do {
            try await running.value
        } catch let error as PlatformError {
            if error.kind == .loggedOut { refused = current.tokens }
            throw error
        } catch {
            throw PlatformError("\(error)")
        }
    }

    /// Has cf renew the person's own tokens. Where refresh tokens rotate, another process of cf may have used up the one in
    /// the configuration, and saves the next one at its own end only: on this platform, that takes about as long as this
    /// one took.
    private static func renew(_ command: CFCommand, remedy: String?) async throws(PlatformError) {
        for attempt in 1...3 {
            let start = ContinuousClock.now
            let result = try await command.runToItsEnd(["oauth-token"])
            if result.status.isSuccess { return }
            guard result.isLoggedOut else { throw PlatformError(result.complaint(of: "cf oauth-token"), .passing) }
            guard attempt < 3 else {
                let complaint = result.complaint(of: "cf oauth-token")
                let isNamed = complaint.contains("cf login")
                throw PlatformError(isNamed ? complaint : "\(complaint): \(remedy ?? "'cf login'")", .loggedOut)
            }
            try? await Task.sleep(for: min(max(shortestPause, (.now - start) * 2), longestPause))
        }
    }

    private static let shortestPause = Duration.milliseconds(300)
    private static let longestPause = Duration.seconds(10)

    private static func loggedOut(remedy: String) -> PlatformError {
        PlatformError("cf is no longer logged in: \(remedy)", .loggedOut)
    }
}
