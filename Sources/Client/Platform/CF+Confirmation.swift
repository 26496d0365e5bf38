extension CF {
    /// Returns a session's failure with the cause as the platform has it: the SSH proxy's refusal alone may be a failure of
    /// the platform that passes, a session that never began says nothing by itself, and a token may end while cf begins a
    /// session. `reachesOthers` tells that sessions to other instances run through the same port, so that the way to the
    /// port is not the cause.
    func confirmed(
        _ failure: SessionFailure, of app: App, at instance: InstanceID, reachesOthers: Bool = false
    ) async -> SessionFailure {
        switch failure.kind {
        case .neverBegan where reachesOthers, .unreachable where reachesOthers:
            return failure.blaming(instance, app: app.name)
        case .neverBegan:
            return failure.blaming(await routeWithEndpoint())
        case .refused:
            return await prohibition.answer { await self.askForProhibition(of: app) } ?? failure
        case .loggedOut:
            guard await loginCheck.answer({ await self.isLoggedIn() }) else { return failure }
            return SessionFailure(.hiccup, "its token ended before the session began")
        default:
            return failure
        }
    }

    /// The way to the SSH proxy, without its address.
    nonisolated var route: SSHRoute { SSHRoute(environment: command.environment) }

    private func routeWithEndpoint() async -> SSHRoute {
        let question = endpoint ?? Task { await self.sshEndpoint() }
        endpoint = question
        return SSHRoute(environment: command.environment, endpoint: await question.value)
    }

    /// Returns the failure of every session to an app, if the platform says that there can be none.
    private func askForProhibition(of app: App) async -> SessionFailure? {
        if let refusal = try? await sshRefusal(of: app) {
            return SessionFailure(.sshDisabled, "\(refusal)")
        }
        let permissions: API.Permissions? = try? await get("/v3/apps/\(app.guid)/permissions")
        guard let permissions, !permissions.readSensitiveData else { return nil }
        return SessionFailure(
            .notAllowed, "you may not use SSH here", remedy: "it takes the role of a space developer in \(target)")
    }

    /// Returns whether a question to the platform is answered, with tokens that are renewed for it where they have ended.
    private func isLoggedIn() async -> Bool {
        (try? await ask(["space", target.space, "--guid"])) != nil
    }

    /// Returns the app's name as it is now. `cf ssh` finds an app by its name, and a person may rename an app, and give
    /// another app its name, while a capture runs.
    func presentName(of app: App) async -> String {
        let name = await appName.answer {
            let answer: API.Application? = try? await self.get("/v3/apps/\(app.guid)")
            return answer?.name
        }
        // cf would take it for an option.
        guard let name, !name.isEmpty, !name.hasPrefix("-") else { return app.name }
        return name
    }
}
