import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Client

@Suite("Files that are handed on")
struct FileHandoverTests {
    private let folder: TemporaryFolder
    private let output: FileDescriptor

    init() throws {
        folder = try TemporaryFolder()
        output = try FileDescriptor.open(
            FilePath(folder.path + "/output"), .writeOnly, options: [.create, .append, .closeOnExec],
            permissions: .ownerReadWrite)
    }

    private final class Failures: Sendable {
        private let list = Mutex<[FileHandover.Failure]>([])
        var all: [FileHandover.Failure] { list.withLock { $0 } }
        func add(_ failure: FileHandover.Failure) { list.withLock { $0.append(failure) } }
    }

    private let failures = Failures()

    private func handover(_ command: String, environment: [String: String] = [:]) throws -> FileHandover {
        FileHandover(
            try HandoverCommand(command), environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 },
            output: output, onFailure: failures.add)
    }

    private var text: String {
        get throws { try String(contentsOfFile: folder.path + "/output", encoding: .utf8) }
    }

    private func wait(for name: String) async throws {
        for _ in 0..<500 where !FileManager.default.fileExists(atPath: "\(folder.path)/\(name)") {
            try await Task.sleep(for: .milliseconds(10))
        }
        try #require(FileManager.default.fileExists(atPath: "\(folder.path)/\(name)"))
    }

    /// Whether a process runs; one that has ended may still wait to be reaped (proc_pid_stat(5), field 3).
    private func isRunning(_ process: pid_t) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return text.split(separator: ")").last?.dropFirst().first != "Z"
    }

    @Test
    func `have the command run for each, one after the other, in order`() async throws {
        let handover = try handover("echo begin {}; sleep 0.05; echo end {} >&2")
        for number in 1...4 { handover.submit("\(number)") }
        await handover.finish()
        #expect(try text == (1...4).map { "begin \($0)\nend \($0)\n" }.joined())
        #expect(failures.all.isEmpty && handover.pending.isEmpty)
        handover.submit("5")
        await handover.finish()
        #expect(try text.hasSuffix("end 5\n"))
    }

    @Test(arguments: ["a b'c\"$(touch x)`touch y`;é\\.pcap", "-rf", "*"])
    func `are one word, whatever their names`(name: String) async throws {
        let handover = try handover(#"printf '<%s>' {} "{}""#)
        handover.submit(name)
        await handover.finish()
        let path = name == "-rf" ? "./-rf" : name
        #expect(try text == "<\(path)><\(path)>")
    }

    @Test
    func `reach a command that has no terminal, no input and none of cf's variables`() async throws {
        let handover = try handover(
            "read -r x || echo nothing; echo ${CF_HOME-none} ${CF_PASSWORD-none} $OTHER; [ $(ps -o sid= -p $$) = $$ ] && echo own {}",
            environment: ["CF_HOME": "/secret", "CF_PASSWORD": "secret", "OTHER": "kept"])
        handover.submit("x")
        await handover.finish()
        #expect(try text == "nothing\nnone none kept\nown x\n")
    }

    @Test
    func `whose command fails are told with its end, and the next follow`() async throws {
        let handover = try handover("case {} in a) exit 3 ;; b) kill -9 $$ ;; c) no-such-program ;; esac")
        for name in ["a", "b", "c", "d"] { handover.submit(name) }
        await handover.finish()
        #expect(failures.all.map(\.path) == ["a", "b", "c"])
        let ends = failures.all.map { $0.description.split(separator: ": ").last.map(String.init) }
        #expect(ends == ["exit status 3", "ended by signal 9", "exit status 127"])
        #expect(try text.contains("no-such-program"))
    }

    @Test
    func `can be taken back as long as they wait`() async throws {
        let handover = try handover("while [ ! -e '\(folder.path)/go' ]; do sleep 0.02; done; echo {}")
        for name in ["a", "b", "c"] { handover.submit(name) }
        #expect(handover.pending == ["a", "b", "c"] && handover.isPending("b"))
        #expect(handover.withdraw("b") && !handover.withdraw("b") && !handover.isPending("b"))
        try folder.add("go", "")
        await handover.finish()
        #expect(try text == "a\nc\n")
        #expect(!handover.withdraw("a") && !handover.isPending("a"))
    }

    @Test
    func `end with what the command has started, though that ignores SIGTERM and the shell does not`() async throws {
        let mark = "\(folder.path)/started"
        let handover = try handover(
            "sh -c \"trap '' TERM; echo \\$\\$ > '\(mark).tmp'; mv '\(mark).tmp' '\(mark)'; sleep 100; :\"; : {}")
        handover.submit("a")
        try await wait(for: "started")
        let child = try #require(pid_t(String(contentsOfFile: mark, encoding: .utf8).dropLast()))
        _ = handover.abandon()
        await handover.finish()
        // Nothing is done behind the wait: the client may have ended by then.
        #expect(!isRunning(child))
        kill(child, SIGKILL)
    }

    @Test
    func `are named where nobody waits for them, and the command ends with all it has started`() async throws {
        let mark = "\(folder.path)/started"
        let handover = try handover(
            "trap '' TERM; sleep 100 & echo $! > '\(mark).tmp'; mv '\(mark).tmp' '\(mark)'; wait; sleep 100; : {}")
        for name in ["a", "b"] { handover.submit(name) }
        try await wait(for: "started")
        let child = try #require(pid_t(String(contentsOfFile: mark, encoding: .utf8).dropLast()))
        let begin = ContinuousClock.now
        #expect(handover.abandon() == ["a", "b"])
        await handover.finish()
        #expect(.now - begin < .seconds(10))
        #expect(failures.all.map(\.path) == ["a"])
        // The system takes a moment to collect a process whose parent has ended.
        for _ in 0..<250 where isRunning(child) { try await Task.sleep(for: .milliseconds(20)) }
        #expect(!isRunning(child))
        handover.submit("c")
        await handover.finish()
        #expect(handover.pending.isEmpty)
    }
}
