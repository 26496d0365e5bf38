import Foundation
import Testing

@testable import Client

private let app = App(name: "demo", guid: "a-1")
private let first = InstanceID(process: "web", index: 0)

@Suite("cf")
struct CFTests {
    @Test
    func `works on a copy of its home, with a token that is new`() async throws {
        let platform = try Platform(["app.out": "warning\na-1\n"])
        let cf = try await platform.open()
        #expect(cf.target.description == "org o / space s")
        #expect(try await cf.app(named: "demo") == app)
        let calls = try platform.calls
        #expect(calls[0] == "oauth-token|\(platform.folder.path)/home|/plugins|false")
        #expect(calls[1].hasPrefix("app demo --guid|\(platform.folder.path)/tmp/cf-pcap-home-"))
        #expect(calls[1].hasSuffix("||false"))
        await cf.close()
        #expect(try TemporaryFolder.names(in: platform.folder.path + "/tmp") == ["x"])
    }

    @Test
    func `must be there`() async throws {
        let failure = await failure { try await CF.open(environment: ["PATH": "/nowhere:/", "HOME": "/"]) }
        #expect(failure?.hasPrefix("there is no 'cf' in PATH: install the Cloud Foundry CLI") == true)
    }

    @Test
    func `must be logged in`() async throws {
        let platform = try Platform([
            "oauth-token.err": "Not logged in. Use 'cf login' or 'cf login --sso' to log in.\n"
        ])
        let failure = await failure { try await platform.open() }
        #expect(failure == "cf oauth-token: Not logged in. Use 'cf login' or 'cf login --sso' to log in.")
        #expect(try TemporaryFolder.names(in: platform.folder.path + "/tmp") == ["x"])
    }

    @Test
    func `takes new tokens where others have used up those of its copy, and stays where it was`() async throws {
        try await withPlatform(["app.out": "a-1"]) { platform, cf in
            let elsewhere = #"{"Target":"https://api","AccessToken":"new","SpaceFields":{"Name":"elsewhere"}}"#
            try platform.folder.add("oauth-token.sh", "echo '\(elsewhere)' > home/.cf/config.json\n")
            try platform.folder.add(
                "app.once", "The token expired, was revoked. Please log back in to re-authenticate.\n")
            #expect(try await cf.app(named: "demo") == app)
            let commands = try platform.calls.map { $0.split(separator: "|")[0] }
            #expect(commands == ["oauth-token", "app demo --guid", "oauth-token", "app demo --guid"])
            let last = try #require(try platform.configurations.last)
            #expect(try CFConfiguration(Array(last.utf8)).target == cf.target)
            #expect(last.contains("new") && cf.target.space == "s")
        }
    }

    @Test
    func `follows nobody to another platform`() async throws {
        try await withPlatform(["app.out": "a-1"]) { platform, cf in
            try platform.folder.add("home/.cf/config.json", #"{"Target":"https://elsewhere"}"#)
            let failure = await failure { try await cf.app(named: "demo") }
            #expect(failure == "cf is logged in to https://elsewhere now, and no longer to https://api: 'cf login'")
        }
    }

    @Test
    func `begins beside a run that has used up its token`() async throws {
        let platform = try Platform(["oauth-token.once": "The token was revoked. Please log back in.\n"])
        let cf = try await platform.open()
        await cf.close()
        #expect(try platform.calls.count == 2)
    }

    @Test
    func `names the space where an app is not found`() async throws {
        try await withPlatform(["app.err": "App 'demo' not found.\n"]) { platform, cf in
            let failure = await failure { try await cf.app(named: "demo") }
            #expect(failure?.hasPrefix("App 'demo' not found in org o / space s. 'cf apps' lists") == true)
        }
    }

    @Test(arguments: ["", "\n", "../../v2/info\n", "a b\n", "é\n", String(repeating: "a", count: 201)])
    func `takes no identifier that could be something else`(output: String) async throws {
        try await withPlatform(["app.out": output]) { platform, cf in
            let failure = await failure { try await cf.app(named: "demo") }
            #expect(failure == "'cf app demo --guid' did not print an identifier")
        }
    }

    @Test
    func `tells a stopped app`() async throws {
        try await withPlatform(["v3_apps_a-1.out": #"{"guid":"a-1","name":"demo","state":"STOPPED"}"#]) {
            platform, cf in
            #expect(await failure { try await cf.requireStarted(app) } == "App 'demo' is stopped: 'cf start demo'")
            try platform.folder.add("v3_apps_a-1.out", #"{"state":"STARTED"}"#)
            try await cf.requireStarted(app)
        }
    }

    @Test(arguments: [
        ("Disabled globally", "SSH is disabled on this platform: only its operator can enable it"),
        (
            "Disabled for space s",
            "SSH is disabled for space 's': a manager of the space enables it with 'cf allow-space-ssh s', "
                + "then 'cf restart demo'"
        ),
        ("Disabled for app", "SSH is disabled for app 'demo': 'cf enable-ssh demo', then 'cf restart demo'"),
    ])
    func `tells who can enable SSH`(reason: String, text: String) async throws {
        try await withPlatform(["v3_apps_a-1_ssh_enabled.out": #"{"enabled":false,"reason":"\#(reason)"}"#]) {
            platform, cf in
            #expect(await failure { try await cf.requireSSH(to: app) } == text)
        }
    }

    @Test
    func `leaves SSH to the session where the platform does not tell`() async throws {
        try await withPlatform { platform, cf in
            try await cf.requireSSH(to: app)
        }
    }

    private static let processes = #"""
        {"resources":[
        {"guid":"p-1","type":"web","instances":2},{"guid":"p-2","type":"worker","instances":1},
        {"guid":"p-3","type":"web","instances":1}]}
        """#

    @Test
    func `takes the first process of a type, and says that there is another`() async throws {
        try await withPlatform(["v3_apps_a-1_processes_per_page=5000.out": Self.processes]) { platform, cf in
            let web = try await cf.processes(.named("web"), of: app)
            #expect(web.processes.map(\.guid) == ["p-1"])
            #expect(web.hidden == ["web"])
            let all = try await cf.processes(.all, of: app)
            #expect(all.processes.map(\.guid) == ["p-1", "p-2"])
            #expect(
                await failure { try await cf.processes(.named("clock"), of: app) }
                    == "app 'demo' has no process 'clock', it has web, worker")
        }
    }

    @Test
    func `gives instances with their states`() async throws {
        try await withPlatform([
            "v3_apps_a-1_processes_per_page=5000.out": Self.processes,
            "v3_processes_p-1_stats.out": #"""
            {"resources":[
            {"type":"web","index":1,"state":"CRASHED","details":"out of memory","host":null},
            {"type":"web","index":0,"state":"RUNNING","instance_guid":"i-0","host":"10.0.0.1","uptime":7,"usage":{}}]}
            """#,
            "v3_processes_p-2_stats.out": #"{"resources":[{"index":0,"state":"SLEEPING"}]}"#,
        ]) { platform, cf in
            let instances = try await cf.instances(of: try await cf.processes(.all, of: app))
            #expect(
                instances.map { "\($0.id) \($0.state)" } == ["web/0 running", "web/1 crashed", "worker/0 sleeping"])
            #expect(instances[0].guid == "i-0" && instances[0].host == "10.0.0.1" && instances[0].isRunning)
            #expect(instances[1].details == "out of memory" && !instances[1].isRunning)
        }
    }

    @Test
    func `asks about processes side by side, and not about those without instances`() async throws {
        let processes =
            #"{"resources":[{"guid":"p-1","type":"web","instances":1},{"guid":"p-2","type":"worker","instances":1},{"guid":"p-3","type":"task","instances":0}]}"#
        let stats = #"{"resources":[{"index":0,"state":"RUNNING"}]}"#
        try await withPlatform([
            "v3_apps_a-1_processes_per_page=5000.out": processes, "v3_processes_p-1_stats.out": stats,
            "v3_processes_p-2_stats.out": stats,
            // Each is answered once the other has been asked.
            "v3_processes_p-1_stats.after": "p-2", "v3_processes_p-2_stats.after": "p-1",
        ]) { platform, cf in
            let all = try await cf.processes(.all, of: app)
            let begin = ContinuousClock.now
            #expect(try await cf.instances(of: all).map { "\($0.id)" } == ["web/0", "worker/0"])
            #expect(.now - begin < .seconds(9))
            #expect(try !platform.calls.contains { $0.contains("p-3") })
        }
    }

    @Test
    func `tells a deleted app, and takes it for deleted only where the platform says so twice`() async throws {
        try await withPlatform { platform, cf in
            let gone = "app 'demo' is no longer there: it was deleted, or you may no longer see it"
            #expect(await failure { try await cf.processes(.all, of: app) } == gone)
            try platform.folder.add("v3_apps_a-1.out", #"{"state":"STARTED"}"#)
            let text = await failure { try await cf.processes(.all, of: app) }
            #expect(text?.hasSuffix("Not found") == true)
        }
    }

    private static let refused = SessionFailure(.refused, "refused")

    @Test(arguments: [
        (#"{"enabled":false,"reason":"Disabled for app"}"#, "{}", SessionFailure.Kind.sshDisabled),
        (#"{"enabled":true}"#, #"{"read_basic_data":true,"read_sensitive_data":false}"#, .notAllowed),
        (#"{"enabled":true}"#, #"{"read_basic_data":true,"read_sensitive_data":true}"#, .refused),
        ("\n", "\n", .refused),
    ])
    func `has the last word on SSH that a proxy refuses`(
        enabled: String, permissions: String, kind: SessionFailure.Kind
    ) async throws {
        try await withPlatform([
            "v3_apps_a-1_ssh_enabled.out": enabled, "v3_apps_a-1_permissions.out": permissions, "space.out": "s-1",
        ]) { platform, cf in
            #expect(await cf.confirmed(Self.refused, of: app, at: first).kind == kind)
            // Many sessions fail at once, and ask once.
            let calls = try platform.calls.count
            #expect(await cf.confirmed(Self.refused, of: app, at: first).kind == kind)
            #expect(try platform.calls.count == calls)
        }
    }

    @Test
    func `takes a token that ended while a session began for no lost login`() async throws {
        let ended = SessionFailure(.loggedOut, "cf is no longer logged in", remedy: "'cf login'")
        try await withPlatform(["space.out": "s-1"]) { platform, cf in
            let failure = await cf.confirmed(ended, of: app, at: first)
            #expect(failure.kind == .hiccup && failure.recovery == .retry)
        }
        try await withPlatform(["space.err": "Please log back in to re-authenticate.\n"]) { platform, cf in
            try platform.folder.add("oauth-token.err", "Please log back in to re-authenticate.\n")
            #expect(await cf.confirmed(ended, of: app, at: first) == ended)
        }
    }

    @Test(arguments: [
        (#"{"state":"STARTED","name":"demo-old"}"#, "demo-old"), (#"{"state":"STARTED"}"#, "demo"),
        (#"{"state":"STARTED","name":"--help"}"#, "demo"), (#"{"state":"STARTED","name":""}"#, "demo"), ("{", "demo"),
    ])
    func `opens sessions to the app by the name that it has now`(answer: String, name: String) async throws {
        try await withPlatform(["v3_apps_a-1.out": answer]) { platform, cf in
            #expect(await cf.presentName(of: app) == name)
            // Many sessions begin at once, and ask once.
            let calls = try platform.calls.count
            #expect(await cf.presentName(of: app) == name)
            #expect(try platform.calls.count == calls)
        }
    }

    @Test
    func `names the SSH port of a session that never began`() async throws {
        try await withPlatform([".out": #"{"links":{"app_ssh":{"href":"ssh.example.com:2222"}}}"#]) { platform, cf in
            let failure = await cf.confirmed(.nothingHeard(for: .seconds(60)), of: app, at: first)
            #expect(
                failure.reason
                    == "no capture began within 60 seconds, perhaps the SSH port ssh.example.com:2222 does not answer")
            #expect(failure.remedy?.contains("ALL_PROXY") == true && failure.recovery == .rejoin)
            let alone = await cf.confirmed(.nothingHeard(for: .seconds(60)), of: app, at: first, reachesOthers: true)
            #expect(alone.reason == "no capture began within 60 seconds")
            #expect(alone.remedy?.contains("'cf ssh demo -i 0 --process web'") == true)
        }
    }

    @Test(arguments: [
        "", "{", "[]", "null", #"{"resources":{}}"#, #"{"resources":[{"index":-1,"state":"RUNNING"}]}"#,
        #"{"resources":[{"index":1e300,"state":"RUNNING"}]}"#, #"{"resources":[{"index":99999999,"state":"RUNNING"}]}"#,
        #"{"resources":[{"index":"0","state":"RUNNING"}]}"#, "\u{0}\u{1B}[2J", String(repeating: "[", count: 1_000_000),
        #"{"resources":[{"index":0,"state":"\ud800"}]}"#,
    ])
    func `is not believed where its answer makes no sense`(answer: String) async throws {
        try await withPlatform([
            "v3_apps_a-1_processes_per_page=5000.out": Self.processes, "v3_processes_p-1_stats.out": answer,
        ]) { platform, cf in
            let web = try await cf.processes(.named("web"), of: app)
            let failure = try #require(await failure { try await cf.instances(of: web) })
            #expect(failure.count < 300)
        }
    }

    @Test
    func `passes on what the API refuses`() async throws {
        try await withPlatform { platform, cf in
            #expect(
                await failure { try await cf.requireStarted(app) } == "the platform refuses /v3/apps/a-1: Not found")
        }
    }

    @Test
    func `takes no process by what is no identifier`() async throws {
        let answer = #"{"resources":[{"guid":"../x","type":"web","instances":1}]}"#
        try await withPlatform(["v3_apps_a-1_processes_per_page=5000.out": answer]) { platform, cf in
            let failure = await failure { try await cf.processes(.all, of: app) }
            #expect(failure == "the platform named a process of 'demo' by what is no identifier")
        }
    }

    @Test
    func `opens sessions as the proposal has it`() {
        var options = CaptureOptions(app: "demo")
        options.filter = "port 80"
        let id = InstanceID(process: "web", index: 3)
        let arguments = CF.sessionArguments(to: id, of: app, options, "true")
        #expect(arguments == ["ssh", "demo", "-i", "3", "--process", "web", "-c", "true"])
        options.skipHostValidation = true
        #expect(CF.sessionArguments(to: id, of: app, options, "true").contains("--skip-host-validation"))
    }
}
