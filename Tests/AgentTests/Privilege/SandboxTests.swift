import CLinux
import Testing

@testable import Agent

/// Each in a process of its own, which cannot tell the test runner anything once it is inside: how it ends says it all.
@Suite("The sandbox")
struct SandboxTests {
    private static let (capture, signals, table) = (100, 101, 102)
    private static let (output, error) = (1, 2)
    // asm-generic/ioctls.h, linux/sockios.h
    private static let (fionread, fionbio, siocgifname, siocgifflags, siocsifflags) = (
        0x541B, 0x5421, 0x8910, 0x8913, 0x8914
    )
    private static let (read, write, execute) = (Int(PROT_READ), Int(PROT_WRITE), Int(PROT_EXEC))
    private static let anonymous = Int(MAP_PRIVATE | MAP_ANONYMOUS)

    private static func enter() throws {
        try Privileges.drop()
        try Sandbox.enter(capture: Int32(capture), signals: Int32(signals), socketTables: (Int32(table), -1))
    }

    typealias Call = LibraryCall

    /// What fails for other reasons, such as a descriptor that is not open, was let through.
    @Test(
        arguments: [
            Call("poll", 0, 0, 0), Call("read", signals, 0, 0),
            Call("write", output, 0, 0), Call("write", error, 0, 0), Call("sendto", output, 0, 0, 0, 0, 0),
            Call("ioctl", output, fionread, 0), Call("getsockopt", capture, 0, 0, 0, 0),
            Call("getsockname", capture, 0, 0),
            Call("ioctl", capture, siocgifflags, 0),
            Call("pread", table, 0, 0, 0), Call("lseek", output, 0, 1), Call("ftruncate", output, -1),
            // What malloc(3) needs in a process of one thread.
            Call("mmap", 0, 4096, read | write, anonymous, -1, 0), Call("mmap", 0, 4096, 0, anonymous, -1, 0),
            Call("munmap", 0, 0), Call("sbrk", 4096),
        ])
    func `lets through what the loop does`(_ call: Call) async {
        await #expect(processExitsWith: .exitCode(7)) { [call] in
            let function = LibraryFunction(call.name)
            try Self.enter()
            _ = function(call.arguments)
            _exit(7)
        }
    }

    @Test
    func `lets the loop wait, and look at the clock`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            try Self.enter()
            _ = MonotonicClock.now()
            var limit = timespec(tv_sec: 0, tv_nsec: 1_000_000)
            _exit(unsafe ppoll(nil, 0, &limit, nil) == 0 ? 7 : 1)
        }
    }

    /// What a process might do with a capture's privileges or with another's bytes.
    @Test(
        arguments: [
            Call("open", 0, 0), Call("socket", 2, 1, 0), Call("fork"), Call("execve", 0, 0, 0), Call("kill", 0, 0),
            Call("setuid", 0), Call("prctl", 1, 0), Call("dup", output), Call("close", output),
            Call("write", capture, 0, 0), Call("write", table, 0, 0), Call("write", -1, 0, 0),
            Call("writev", output, 0, 0), Call("sendto", capture, 0, 0, 0, 0, 0), Call("sendto", error, 0, 0, 0, 0, 0),
            Call("sendmsg", output, 0, 0), Call("sendmsg", capture, 0, 0), Call("splice", output, 0, capture, 0, 0, 0),
            Call("read", capture, 0, 0), Call("read", 0, 0, 0), Call("pread", capture, 0, 0, 0),
            Call("pread", 0, 0, 0, 0), Call("recvfrom", capture, 0, 0, 0, 0, 0),
            Call("lseek", capture, 0, 1), Call("lseek", error, 0, 1), Call("ftruncate", error, -1),
            Call("ioctl", output, fionbio, 0), Call("ioctl", error, fionread, 0),
            Call("ioctl", capture, siocsifflags, 0), Call("ioctl", capture, siocgifname, 0),
            Call("ioctl", capture, fionread, 0),
            Call("setsockopt", capture, 0, 0, 0, 0), Call("bind", capture, 0, 0),
            Call("getsockopt", output, 0, 0, 0, 0), Call("fcntl", output, 4, 0),
            // Memory that can be executed, or that is a file's.
            Call("mmap", 0, 4096, read | execute, anonymous, -1, 0),
            Call("mmap", 0, 4096, read | write | execute, anonymous, -1, 0),
            Call("mmap", 0, 4096, read, Int(MAP_PRIVATE), table, 0), Call("mprotect", 0, 0, execute),
            Call("mprotect", 0, 0, read), Call("mremap", 0, 0, 0, 0),
        ])
    func `kills what does anything else`(_ call: Call) async {
        await #expect(processExitsWith: .signal(SIGSYS)) { [call] in
            let function = LibraryFunction(call.name)
            try Self.enter()
            _ = function(call.arguments)
            _exit(7)
        }
    }

    @Test
    func `lets no table be read where there is none`() async {
        await #expect(processExitsWith: .signal(SIGSYS)) {
            let read = LibraryFunction("pread")
            try Privileges.drop()
            try Sandbox.enter(capture: 100, signals: 101, socketTables: (-1, -1))
            _ = read([Self.table, 0, 0, 0])
            _exit(7)
        }
    }

    @Test
    func `cannot be entered with privileges that could be gained`() async {
        await #expect(processExitsWith: .success) {
            // Only a process without CAP_SYS_ADMIN needs no-new-privileges for a filter (seccomp(2)).
            if geteuid() == 0 { #expect(setuid(65534) == 0) }
            #expect(throws: Failure.self) { try Sandbox.enter(capture: 100, signals: 101, socketTables: (-1, -1)) }
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
