import Foundation
import Testing

@testable import Client

@Suite("Failures of sessions")
struct SessionFailureTests {
    private func request(_ route: SSHRoute = SSHRoute(environment: [:]), _ options: CaptureOptions? = nil)
        -> SessionRequest
    {
        (options ?? CaptureOptions(app: "demo")).request(
            to: InstanceID(process: "web", index: 2), of: App(name: "demo", guid: "a-1"), route)
    }

    private func kind(
        _ status: SessionEnd.Status, output: String = "", errors: String = "", agentError: String? = nil,
        hasCaptured: Bool = false
    ) -> SessionFailure.Kind {
        SessionEnd(
            status: status, output: output, errors: errors, agentError: agentError, hasCaptured: hasCaptured
        ).failure(of: request()).kind
    }

    @Test(arguments: [
        ("App 'demo' not found.", SessionFailure.Kind.noSuchApp),
        ("Instance 7 of process web not found", .noSuchInstance),
        ("Process worker not found", .noSuchInstance), ("Instance 0 of process web not running", .notRunning),
        ("Application 'demo' is not in the STARTED state", .appStopped),
        ("Error opening SSH connection: You are not authorized to perform the requested action.", .refused),
        ("No API endpoint set. Use 'cf login' or 'cf api' to target an endpoint.", .loggedOut),
        ("Not logged in. Use 'cf login' or 'cf login --sso' to log in.", .loggedOut),
        (
            "The token expired, was revoked, or the token ID is incorrect. Please log back in to re-authenticate.",
            .loggedOut
        ),
        ("SSH session allocation failed: EOF", .noDaemon),
        ("Error opening SSH connection: dial tcp 10.0.0.1:2222: i/o timeout", .unreachable),
        ("dial tcp 10.0.0.1:2222: connect: connection refused", .unreachable),
        ("Request error: Get \"https://api\": dial tcp: lookup api: no such host", .unreachable),
        ("Invalid Auth Token", .loggedOut), ("Access token has expired.", .loggedOut),
        ("Error opening SSH connection: Host key verification failed.", .hostKey),
        ("wait: remote command exited without exit status or exit signal", .cut), ("EOF", .hiccup),
    ])
    func `are told from what cf says`(errors: String, kind: SessionFailure.Kind) {
        #expect(self.kind(.exited(1), output: "FAILED\n", errors: errors + "\n") == kind)
    }

    @Test
    func `of the agent are told from its last error`() {
        func kind(_ error: String) -> SessionFailure.Kind { self.kind(.exited(1), agentError: error) }
        #expect(kind("failed to set up capture: CAP_NET_RAW is missing: this executable carries no …") == .noCapability)
        #expect(
            kind(
                "failed to set up capture: failed to open device eth0: You don't have permission to capture on that device"
            )
                == .noCapability)
        #expect(kind("failed to set up capture: filter 'prot 80': syntax error") == .badFilter)
        #expect(kind("failed to set up capture: failed to set filter: can't parse filter expression") == .badFilter)
        #expect(
            kind("failed to set up capture: failed to open device eth9: no such interface, there are lo, eth0, any")
                == .badInterface)
        #expect(kind("capture failed: eth0: the interface is gone") == .badInterface)
        #expect(kind("failed to set up capture: out of memory") == .agentFailed)
        #expect(
            kind(
                "failed to set up capture: 4 captures run in this container, and each has 20 MB of the kernel's memory. "
                    + "Stop one with kill -INT PID: process 7 (cf-pcap -interface lo -filter port 80)")
                == .noRoom)
    }

    @Test
    func `of the shell are told from the status`() {
        let missing = "bash: line 1: /tmp/lifecycle/cf-pcap: No such file or directory"
        #expect(kind(.exited(127), errors: missing) == .noAgent)
        #expect(kind(.exited(126), errors: "bash: /tmp/lifecycle/cf-pcap: Permission denied") == .agentNotExecutable)
        #expect(kind(.exited(126), errors: "bash: /tmp/lifecycle/cf-pcap: Operation not permitted") == .noCapability)
    }

    @Test
    func `behind a capture are cuts, kills and early ends`() {
        let cut = "wait: remote command exited without exit status or exit signal"
        #expect(kind(.exited(1), output: "FAILED\n", errors: cut, hasCaptured: true) == .cut)
        let killed = "Process terminated by signal: KILL. Exited with 137\n"
        #expect(kind(.exited(137), output: killed, hasCaptured: true) == .agentKilled)
        #expect(kind(.exited(0), hasCaptured: true) == .endedEarly)
        #expect(kind(.signaled(9), hasCaptured: true) == .cut)
        #expect(kind(.exited(1), output: "FAILED\n", errors: "EOF", hasCaptured: true) == .unknown)
    }

    @Test(arguments: [
        "Error opening SSH connection: Host key verification failed.", "ssh: Unable to verify identity of host.",
        "App 'demo' not found.",
        "Error opening SSH connection: You are not authorized to perform the requested action.",
        "Not logged in. Use 'cf login' or 'cf login --sso' to log in.",
        "Application 'demo' is not in the STARTED state",
        "SSH session allocation failed: EOF", "dial tcp 10.0.0.1:2222: connect: connection refused", "EOF",
    ])
    func `are not those of cf where the agent has spoken`(errors: String) {
        let end = SessionEnd(status: .exited(1), output: "FAILED\n", errors: errors, hasAgentSpoken: true)
        let failure = end.failure(of: request())
        #expect(failure.kind == .unknown && failure.remedy == nil)
        #expect(kind(.exited(1), output: "FAILED\n", errors: errors, hasCaptured: true) == .unknown)
    }

    @Test
    func `never advise to leave the host key unchecked`() {
        let end = SessionEnd(status: .exited(1), errors: "ssh: handshake failed: Host key verification failed.")
        let text = end.failure(of: request()).description
        #expect(!text.contains("-k") && !text.contains("skip"))
    }

    @Test
    func `of a port that does not answer name the proxies that count, and those that do not`() {
        let end = SessionEnd(status: .exited(1), errors: "dial tcp 10.0.0.1:2222: connect: connection refused")
        func remedy(_ environment: [String: String]) -> String {
            end.failure(of: request(SSHRoute(environment: environment))).remedy ?? ""
        }
        #expect(remedy([:]).contains("ALL_PROXY=socks5://HOST:PORT") && !remedy([:]).contains("https_proxy"))
        #expect(remedy(["https_proxy": "http://p"]).hasSuffix("https_proxy is set, but cf ssh ignores it"))
        #expect(
            remedy(["ALL_PROXY": "socks5://p", "https_proxy": "x"]).hasPrefix("does the proxy that ALL_PROXY names"))
    }

    @Test
    func `that nobody knows are passed on`() {
        let failure = SessionEnd(status: .exited(3), errors: "what\n  a day\n").failure(of: request())
        #expect(failure.kind == .unknown)
        #expect(failure.description == "the session ended with status 3: what a day")
        let silent = SessionEnd(status: .exited(1), output: "FAILED\n").failure(of: request())
        #expect(silent.description == "the session ended with status 1: FAILED")
    }

    @Test
    func `say what to do and whether to come back`() {
        func failure(_ errors: String) -> SessionFailure {
            SessionEnd(status: .exited(1), output: "FAILED\n", errors: errors).failure(of: request())
        }
        #expect(failure("App 'demo' not found.").recovery == .rejoinIfCaptured)
        #expect(failure("EOF").recovery == .retry)
        #expect(failure("Instance 0 of process web not running").recovery == .rejoin)
        let stopped = failure("Application 'demo' is not in the STARTED state")
        #expect(stopped.description == "the app is stopped: 'cf start demo'")
    }

    @Test
    func `of a hostile instance stay one short line`() {
        let end = SessionEnd(status: .exited(1), errors: String(repeating: "a\n", count: 100_000))
        #expect(end.failure(of: request()).description.count < 400)
    }

    @Test(arguments: [
        (
            ["--host", "db.internal"], "unknown host 'db.internal'",
            "behind --host, write an address in place of db.internal"
        ),
        (["--host", "db.internal", "-f", "tcp"], "unknown host 'db.internal'", "behind --host, write an address"),
        (
            ["--host", "db.internal", "-f", "host x.internal"], "unknown host 'x.internal'",
            "--host and --filter make this"
        ),
        (["--port", "80", "--proto", "tcp"], "4,200 instructions", "--port and --proto make this filter"),
        (["--tcp-flags", "syn"], "too long", "--tcp-flags make this filter"),
        (["-f", "host x.internal"], "unknown host 'x.internal'", "see pcap-filter(7) for --filter"),
    ])
    func `of a filter name the options that were typed`(arguments: [String], reason: String, remedy: String) throws {
        guard case .capture(let options) = try CommandLineArguments(["demo"] + arguments).invocation() else { return }
        let end = SessionEnd(status: .exited(1), agentError: "failed to set up capture: filter 'x': \(reason)")
        let failure = end.failure(of: request(SSHRoute(environment: [:]), options))
        #expect(failure.kind == .badFilter && failure.remedy?.contains(remedy) == true, "\(failure)")
        #expect(arguments.contains("-f") || failure.remedy?.contains("--filter") == false)
    }

    @Test
    func `of the way to an instance name the command that goes there`() {
        let end = SessionEnd(status: .exited(1), errors: "Error opening SSH connection: ssh: handshake failed: EOF")
        #expect(end.failure(of: request()).remedy == "'cf ssh demo -i 2 --process web' must work from this machine")
    }

    @Test(arguments: [
        "failed to set up capture: cannot compile filter 'prot 80': syntax error",
        "failed to set up capture: filter 'prot 80': syntax error, see pcap-filter(7)",
    ])
    func `of a filter name pcap-filter(7) once`(error: String) {
        let end = SessionEnd(status: .exited(1), agentError: error)
        let text = end.failure(of: request()).description
        #expect(text.components(separatedBy: "pcap-filter(7)").count == 2)
    }
}
