import CLinux
import Testing

@testable import Agent

/// Each in a process of its own, which cannot tell the test runner anything once it is inside: how it ends says it all.
@Suite("The sandbox")
struct SandboxTests {
    private static func enter() throws {
        try Privileges.drop()
        try Sandbox.enter(with: descriptors)
    }

    private static let descriptors = Sandbox.Descriptors(capture: 100, watch: (102, -1))

    @Test
    func `lets through what the loop does`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            try Self.enter()
            _ = MonotonicClock.now()
            cf_pcap_let_signals_in()
            _ = cf_pcap_wait(nil, 0, 1000)
            _ = cf_pcap_unread_bytes(STDOUT_FILENO)
            _ = lseek(STDOUT_FILENO, 0, SEEK_CUR)
            _ = pread(102, nil, 0, 0)
            _exit(7)
        }
    }

    /// What a process might do with a capture's privileges or with another's bytes.
    enum Deed: String, CaseIterable, Codable {
        case openFile, openSocket, fork, changeUser, writeElsewhere, seekElsewhere
        case sendOnCapture, readCapture, readWhatIsNot
    }

    @Test(arguments: Deed.allCases)
    func `kills what does anything else`(_ deed: Deed) async {
        await #expect(processExitsWith: .signal(SIGSYS)) { [deed] in
            try Self.enter()
            switch deed {
            case .openFile: _ = unsafe cf_pcap_open("/", O_RDONLY)
            case .openSocket: _ = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            case .fork: _ = CLinux.fork()
            case .changeUser: _ = setuid(0)
            case .writeElsewhere: _ = unsafe write(100, "", 0)
            case .seekElsewhere: _ = lseek(100, 0, SEEK_CUR)
            case .sendOnCapture: _ = unsafe send(100, "", 0, 0)
            case .readCapture: _ = pread(100, nil, 0, 0)
            case .readWhatIsNot: _ = pread(-1, nil, 0, 0)
            }
            _exit(7)
        }
    }

    @Test
    func `cannot be entered with privileges that could be gained`() async {
        await #expect(processExitsWith: .success) {
            // Only a process without CAP_SYS_ADMIN needs no-new-privileges for a filter (seccomp(2)).
            if geteuid() == 0 { #expect(setuid(65534) == 0) }
            #expect(throws: Failure.self) { try Sandbox.enter(with: Self.descriptors) }
        }
    }

    @Test
    func `is entered with nothing left that a process could be given`() async {
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
