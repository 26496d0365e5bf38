import CLinux
import Testing

@testable import Agent

/// Each test runs in its own process, because a process holds a slot until its end, and uses slots of its own name.
@Suite("Slots")
struct SlotTests {
    /// The name of slots that no other process uses.
    private static var program: ByteString { "cf-pcap-test-\(getpid())" }

    @Test
    func `are four, and a fifth capture is refused with the processes that hold them`() async {
        await #expect(processExitsWith: .success) {
            for _ in 0..<Slot.count { try Slot.acquire(of: Self.program) }
            let failure = #expect(throws: Failure.self) { try Slot.acquire(of: Self.program) }
            let holder: ByteString = "process \(getpid())"
            let holders: ByteString = "\(holder); \(holder); \(holder); \(holder)"
            #expect(
                failure?.description == """
                    4 captures run in this container, and each has 20 MB of the kernel's memory. Stop one with \
                    kill -INT PID: \(holders)
                    """)
        }
    }

    @Test
    func `are free again when the process that held them has ended`() async {
        await #expect(processExitsWith: .success) {
            let program = Self.program
            for _ in 0..<3 { try Slot.acquire(of: program) }
            let child = fork()
            if child == 0 {
                let isAcquired = (try? Slot.acquire(of: program)) != nil
                _exit(isAcquired ? 0 : 1)
            }
            var status: Int32 = -1
            _ = unsafe waitpid(child, &status, 0)
            #expect(status == 0)
            try Slot.acquire(of: program)
            #expect(throws: Failure.self) { try Slot.acquire(of: program) }
        }
    }

    @Test
    func `of two programs are different`() async {
        await #expect(processExitsWith: .success) {
            for _ in 0..<Slot.count { try Slot.acquire(of: Self.program) }
            try Slot.acquire(of: "\(Self.program)-other")
        }
    }
}
