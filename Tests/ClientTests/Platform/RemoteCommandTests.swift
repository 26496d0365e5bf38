import Foundation
import Subprocess
import Testing

@testable import Client

@Suite("The remote command")
struct RemoteCommandTests {
    private static let filters = [
        "tcp port 8080", "", "it's", "''", #""double" and \back\slash"#, "$(touch /tmp/x) `id` ${HOME} $1", "a\nb\n",
        "; exit 3 #", "* ? [a-z] ~ !!", "é 字 \u{1B}[31m", "-x", "'\\''",
        "x'\u{301}; exit 3 #", "'\u{200D}",
    ]

    @Test(arguments: filters, ["bash", "dash"])
    func `quotes words so that a shell leaves them as they are`(word: String, shell: String) async throws {
        let result = try await run(
            .name(shell), arguments: ["-c", "printf %s \(word.quotedForShell)"], output: .string(limit: 10_000))
        #expect(result.standardOutput == word)
    }

    @Test
    func `has the agent's options`() {
        let text = RemoteCommand(interface: "eth0", filter: "port 80", snaplen: 96).text
        #expect(
            text.contains(
                "; /tmp/lifecycle/cf-pcap -v -interface 'eth0' -snaplen 96 -filter 'port 80' 3<&- </dev/null &"))
        #expect(!RemoteCommand(interface: "lo").text.contains("-snaplen"))
        #expect(!RemoteCommand(interface: "lo").text.contains("-filter"))
        #expect(!text.contains("\n"))
    }

    /// Runs the command with `agent` in the agent's place; closes its standard input once the agent has written "up".
    private func session(
        _ shell: String, agent: String, filter: String? = nil
    ) async throws -> (output: String, errors: String, status: TerminationStatus) {
        let folder = try TemporaryFolder()
        let script = try folder.addExecutable("agent", "#!/bin/sh\n\(agent)\n")
        let text = RemoteCommand(interface: "lo", filter: filter).text
            .split(separator: RemoteCommand.agent, omittingEmptySubsequences: false).joined(separator: script)
        let result = try await run(
            .name(shell), arguments: ["-c", text], input: .inputWriter, output: .sequence, error: .string(limit: 10_000)
        ) { execution in
            var output = ""
            var isStopped = false
            for try await part in execution.standardOutput {
                output += unsafe part.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
                if output.hasPrefix("up\n"), !isStopped {
                    isStopped = true
                    try await execution.standardInputWriter.finish()
                }
            }
            return output
        }
        return (result.closureResult, result.standardError, result.terminationStatus)
    }

    @Test(arguments: ["bash", "dash"])
    func `ends this project's agent by SIGTERM, at the end of standard input`(shell: String) async throws {
        let end = try await session(
            shell,
            agent: """
                [ "$1" = -version ] && { echo cf-pcap 9.9 >&2; exit 0; }
                trap 'echo term; exit 0' TERM; trap 'echo int; exit 0' INT
                echo up; while :; do sleep 0.05; done
                """)
        #expect(end.output == "up\nterm\n")
        #expect(end.errors == "cf-pcap 9.9\n")
        #expect(end.status == .exited(0))
    }

    /// A shell starts what runs in the background with SIGINT ignored; the platform's agent, as this one, answers it.
    @Test(arguments: ["bash", "dash"])
    func `ends an agent without a version by SIGINT`(shell: String) async throws {
        let end = try await session(
            shell,
            agent: """
                [ "$1" = -version ] && exit 2
                exec python3 -c '
                import signal, sys
                for number in signal.SIGINT, signal.SIGTERM: signal.signal(number, lambda n, f: sys.exit(n))
                print("up", flush=True)
                while True: signal.pause()'
                """)
        #expect(end.output == "up\n")
        #expect(end.status == .exited(SIGINT))
    }

    @Test(arguments: ["bash", "dash"])
    func `ends an agent without a version by SIGTERM two seconds later, if SIGINT does nothing`(
        shell: String
    ) async throws {
        let end = try await session(
            shell,
            agent: """
                [ "$1" = -version ] && { echo flag provided but not defined >&2; exit 2; }
                trap 'echo term; exit 0' TERM
                echo up; while :; do sleep 0.05; done
                """)
        #expect(end.output == "up\nterm\n")
        #expect(end.errors == "")
        #expect(end.status == .exited(0))
    }

    @Test(arguments: ["bash", "dash"])
    func `has the status of an agent that ends by itself`(shell: String) async throws {
        let end = try await session(shell, agent: "echo gone >&2; exit 7")
        #expect(end.errors == "gone\n")
        #expect(end.status == .exited(7))
    }

    @Test(arguments: filters.filter { !$0.isEmpty })
    func `brings a filter to the agent as it was written`(filter: String) async throws {
        let end = try await session(
            "bash", agent: #"[ "$1" = -version ] && exit 2; while [ "$1" != -filter ]; do shift; done; printf %s "$2""#,
            filter: filter)
        #expect(end.output == filter)
    }
}
