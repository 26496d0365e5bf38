import CLinux
import Testing

@testable import Agent

/// Each test runs in its own process. In the sandbox, a process can report its exit status only.
@Suite("The sandbox")
struct SandboxTests {
    private static let descriptors = [
        "input": 0, "output": 1, "error": 2, "capture": 100, "signals": 101, "table": 102,
    ]

    private static func enter() throws {
        try Privileges.drop()
        try Sandbox.enter(capture: 100, signals: 101, socketTables: (102, -1))
    }

    /// Returns the calls with a verdict in `Tests/Fixtures/sandbox-calls`. The end-to-end tests make the same calls in
    /// the agent.
    private static func calls(_ verdict: String) throws -> [LibraryCall] {
        let text = String(decoding: try Fixture.bytes("sandbox-calls"), as: UTF8.self)
        let calls = try text.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.first == verdict[...] }
            .map { columns in LibraryCall(system: try columns.dropFirst(2).map(Self.argument)) }
        // A test without calls would pass.
        try #require(calls.count > 15)
        return calls
    }

    private static func argument(_ word: Substring) throws -> Int {
        let radixes = ["0x": 16, "0o": 8]
        if let number = descriptors[String(word)] ?? Int(word) { return number }
        return try #require(radixes[String(word.prefix(2))].flatMap { Int(word.dropFirst(2), radix: $0) }, "\(word)")
    }

    @Test
    func `has a table of calls that can be read`() throws {
        let counts = try (Self.calls("allowed").count, Self.calls("forbidden").count)
        #expect(counts == (19, 107))
    }

    @Test(arguments: try calls("allowed"))
    func `allows the calls of the loop`(_ call: LibraryCall) async {
        await #expect(processExitsWith: .exitCode(7)) { [call] in
            let function = LibraryFunction(call.name)
            try Self.enter()
            _ = function(call.arguments)
            _exit(7)
        }
    }

    @Test
    func `allows the loop to wait and to read the clock`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            try Self.enter()
            _ = MonotonicClock.now()
            var limit = timespec(tv_sec: 0, tv_nsec: 1_000_000)
            _exit(unsafe ppoll(nil, 0, &limit, nil) == 0 ? 7 : 1)
        }
    }

    @Test(arguments: try calls("forbidden"))
    func `kills the process at a forbidden call`(_ call: LibraryCall) async {
        await #expect(processExitsWith: .signal(SIGSYS)) { [call] in
            let function = LibraryFunction(call.name)
            try Self.enter()
            _ = function(call.arguments)
            _exit(7)
        }
    }

    @Test
    func `allows no table to be read if there is none`() async {
        await #expect(processExitsWith: .signal(SIGSYS)) {
            let read = LibraryFunction("pread")
            try Privileges.drop()
            try Sandbox.enter(capture: 100, signals: 101, socketTables: (-1, -1))
            _ = read([102, 0, 0, 0])
            _exit(7)
        }
    }

    @Test
    func `cannot be entered without no-new-privileges`() async {
        await #expect(processExitsWith: .success) {
            // A process with CAP_SYS_ADMIN needs no no-new-privileges for a filter (seccomp(2)).
            if geteuid() == 0 { #expect(setuid(65534) == 0) }
            #expect(throws: Failure.self) { try Sandbox.enter(capture: 100, signals: 101, socketTables: (-1, -1)) }
        }
    }

    @Test
    func `is entered without any capability`() async {
        await #expect(processExitsWith: .success) {
            try Privileges.drop()
            let status = String(decoding: contents(of: "/proc/thread-self/status") ?? [], as: UTF8.self)
            for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
                #expect(status.contains("\(set):\t0000000000000000\n"), "\(set)")
            }
            #expect(status.contains("NoNewPrivs:\t1\n"))
        }
    }
}
