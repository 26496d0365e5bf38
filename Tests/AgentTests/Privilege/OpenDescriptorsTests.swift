import CLinux
import Testing

@testable import Agent

/// Each test runs in its own process. Once its descriptors are closed, a process can report its exit status only.
@Suite("Open descriptors")
struct OpenDescriptorsTests {
    private static func isOpen(_ descriptor: Int32) -> Bool { cf_pcap_status_flags(descriptor) >= 0 }

    @Test
    func `are all closed but the standard streams and those to keep`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            Self.inOneThread {
                for number in [20, 21, 63, 300] as [Int32] where dup2(STDERR_FILENO, number) != number { return 1 }
                guard OpenDescriptors.closeAll(but: [21, 300]) else { return 2 }
                let open = (0..<1000).filter { Self.isOpen($0) }
                return open == [0, 1, 2, 21, 300] ? 7 : 3
            }
        }
    }

    @Test
    func `are closed even above a limit that was lowered later`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            Self.inOneThread {
                guard dup2(STDERR_FILENO, 700) == 700 else { return 1 }
                Self.limitNumbers(to: 100)
                guard Self.isOpen(700) else { return 2 }
                return OpenDescriptors.closeAll() && !Self.isOpen(700) ? 7 : 3
            }
        }
    }

    @Test
    func `do not count as closed if they cannot be listed`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            Self.inOneThread {
                // At the limit, the directory cannot be opened, as if /proc were missing.
                Self.limitNumbers(to: 0)
                return OpenDescriptors.closeAll() ? 1 : 7
            }
        }
    }

    @Test
    func `are closed if there are none but the standard streams`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            Self.inOneThread {
                guard OpenDescriptors.closeAll() else { return 1 }
                for number in 0...2 as ClosedRange<Int32> { close(number) }
                return OpenDescriptors.closeAll() ? 7 : 2
            }
        }
    }

    /// Runs `body` in a process of one thread, and ends with its exit status. Other threads of the test library trap
    /// when the descriptors that they wait for are closed.
    private static func inOneThread(_ body: () -> Int32) -> Never {
        let child = fork()
        if child == 0 { _exit(body()) }
        var status: Int32 = 0
        unsafe waitpid(child, &status, 0)
        _exit(status >> 8)
    }

    private static func limitNumbers(to count: UInt) {
        var limit = rlimit(rlim_cur: count, rlim_max: count)
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { _exit(9) }
    }
}
