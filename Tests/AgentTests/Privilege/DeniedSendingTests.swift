import CLinux
import Testing

@testable import Agent

/// Sends on one end of a pair of sockets after `cf_pcap_deny_sending`. Each test runs in its own process, because a
/// process cannot lift the denial.
@Suite("A socket on which sending is denied")
struct DeniedSendingTests {
    private static let (socket, other) = (200, 201)

    typealias Call = LibraryCall

    private static let (duplicate, duplicateOnExec, flags) = (0, 1030, 3)  // F_DUPFD, F_DUPFD_CLOEXEC, F_GETFL
    private static let (ioUringSetup, ioUringEnter) = (425, 426)
    #if arch(x86_64)
        private static let ioSubmit = 209
    #else
        private static let ioSubmit = 2
    #endif

    private static let forbidden = [
        Call("write", socket, 0, 0), Call("writev", socket, 0, 0), Call("pwrite", socket, 0, 0, 0),
        Call("pwritev", socket, 0, 0, 0), Call("pwritev2", socket, 0, 0, 0, 0), Call("send", socket, 0, 0, 0),
        Call("sendto", socket, 0, 0, 0, 0, 0), Call("sendfile", socket, other, 0, 0),
        Call("splice", other, 0, socket, 0, 0, 0), Call("connect", socket, 0, 0),
        Call("dup", socket), Call("dup2", socket, 210), Call("dup3", socket, 210, 0),
        Call("fcntl", socket, duplicate, 0), Call("fcntl", socket, duplicateOnExec, 0),
        // Calls that are forbidden for any descriptor, because they can pass a descriptor to another process.
        Call("sendmsg", socket, 0, 0), Call("sendmsg", other, 0, 0), Call("sendmmsg", socket, 0, 0, 0),
        Call("sendmmsg", other, 0, 0, 0), Call("pidfd_getfd", other, socket, 0), Call("ptrace", 0, 0, 0, 0),
        Call("process_vm_writev", 1, 0, 0, 0, 0, 0), Call("syscall", ioUringSetup, 1, 0),
        Call("syscall", ioUringEnter, 0, 0, 0, 0, 0), Call("syscall", ioSubmit, 0, 0, 0),
    ]

    private static func denySending() throws {
        var ends: (Int32, Int32) = (-1, -1)
        let result = unsafe withUnsafeMutableBytes(of: &ends) { ends in
            unsafe socketpair(
                AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, ends.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        try #require(result == 0)
        _ = dup2(ends.0, Int32(socket))
        _ = dup2(ends.1, Int32(other))
        try #require(cf_pcap_deny_sending(Int32(socket)) == 0)
    }

    @Test
    func `cannot be sent on, duplicated or passed on`() async {
        await #expect(processExitsWith: .success) {
            let before = Self.forbidden.filter { $0.isForbidden }.map { $0.name }
            // Calls that the kernel itself refuses with EPERM.
            #expect(Set(before).isSubset(of: ["ptrace", "process_vm_writev", "pidfd_getfd", "syscall"]))
            try Self.denySending()
            for call in Self.forbidden { #expect(call.isForbidden, "\(call.testDescription)") }
        }
    }

    @Test
    func `cannot be sent on from a child process`() async {
        await #expect(processExitsWith: .success) {
            try Self.denySending()
            let child = fork()
            if child == 0 { _exit(Self.forbidden.allSatisfy { $0.isForbidden } ? 7 : 1) }
            var status: Int32 = 0
            _ = unsafe waitpid(child, &status, 0)
            // The value that waitpid(2) reports for the exit status 7.
            #expect(status == 7 << 8)
        }
    }

    @Test
    func `can be read, queried and closed`() async {
        await #expect(processExitsWith: .success) {
            try Self.denySending()
            // The memory lives as long as the process.
            let byte = Int(bitPattern: UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
            #expect(Call("write", Self.other, byte, 1).make().result == 1)
            #expect(Call("recv", Self.socket, byte, 1, 0).make().result == 1)
            #expect(Call("fcntl", Self.socket, Self.flags, 0).make().result == O_RDWR)
            #expect(Call("send", Self.other, byte, 0, 0).make().result == 0)
            #expect(Call("dup", Self.other).make().result >= 0)
            #expect(Call("shutdown", Self.socket, 0).make().result == 0)
            #expect(Call("dup2", Self.other, Self.socket).make().result == Int32(Self.socket))
            #expect(Call("close", Self.socket).make().result == 0)
        }
    }

    @Test
    func `has the process's no-new-privileges set`() async {
        await #expect(processExitsWith: .success) {
            #expect(cf_pcap_no_new_privileges() == 0)
            try Self.denySending()
            #expect(cf_pcap_no_new_privileges() == 1)
        }
    }
}

extension LibraryCall {
    fileprivate var isForbidden: Bool { make() == (-1, EPERM) }
}
