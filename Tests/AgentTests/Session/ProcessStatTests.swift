import CLinux
import Testing

@testable import Agent

@Suite("/proc/PID/stat")
struct ProcessStatTests {
    @Test(arguments: [
        ("stat-diego-sshd", "diego-sshd", 13307), ("stat-sshd", "sshd", 13521), ("stat-bash", "bash", 13526),
        ("stat-sleep", "sleep", 13325), ("stat-name-with-space", "tmux: server", 13307),
        ("stat-name-with-parentheses", "a) R (b", 13307), ("stat-name-with-closing-first", ") 1 (", 13307),
        ("stat-name-with-newline", "two\nlines", 13307), ("stat-name-empty", "", 13307),
    ])
    func `names the command and the parent, whatever characters the command has`(
        _ file: String, _ name: String, _ parent: Int
    ) throws {
        let stat = try #require(ProcessStat(Fixture.bytes(file)))
        #expect(stat.name.text == name)
        #expect(stat.parent == parent)
    }

    @Test
    func `names the parent of this process`() throws {
        let stat = try #require(contents(of: "/proc/self/stat").flatMap { ProcessStat($0) })
        #expect(stat.parent == Int(getppid()))
    }

    @Test
    func `names a command that is not UTF-8`() {
        let stat = ProcessStat([UInt8]("7 (".utf8) + [0xFF, 0x29, 0x80] + [UInt8](") S 1 ".utf8))
        #expect(stat?.name.bytes == [0xFF, 0x29, 0x80])
    }

    @Test
    func `is refused if it is truncated before the parent`() throws {
        let whole = try Fixture.bytes("stat-diego-sshd")
        let shortest = "13325 (diego-sshd) S 1".utf8.count
        for length in 0..<shortest { #expect(ProcessStat(whole.prefix(length)) == nil, "\(length) bytes") }
        #expect(ProcessStat(whole.prefix("13325 (diego-sshd) S 13307 ".utf8.count))?.parent == 13307)
    }

    @Test(arguments: [
        "", "1", "1 sshd S 1 1", "1 (sshd", "1 sshd) S 1 1", "1 )sshd( S 1 1", "1 (sshd)", "1 (sshd) S", "1 (sshd) S ",
        "1 (sshd) S x 1", "1 (sshd) S -1 1", "1 (sshd) S 2147483648 1", "1 (sshd) S 99999999999999999999 1",
        "1 (sshd) S 0x1 1", "((((", "))))",
    ])
    func `is refused if it has another form`(_ text: String) {
        #expect(ProcessStat([UInt8](text.utf8)) == nil)
    }

    @Test
    func `tells whether the process ignores SIGHUP`() async throws {
        // The fixture's sshd ignores SIGPIPE, which is bit 12 of field 33.
        let text = String(decoding: try Fixture.bytes("stat-sshd"), as: UTF8.self)
        func ignoresHangup(_ ignored: String) -> Bool? {
            ProcessStat([UInt8](text.replacing(" 4096 65536 ", with: " \(ignored) 65536 ").utf8))?.ignoresHangup
        }
        #expect(ignoresHangup("4096") == false)
        #expect(ignoresHangup("4097") == true)
        #expect(ignoresHangup("2147483647") == true)
        #expect(ignoresHangup("x") == false)
        #expect(ProcessStat([UInt8]("1 (init) S 0 1 1".utf8))?.ignoresHangup == false)
        await #expect(processExitsWith: .success) {
            func ignoresHangup() -> Bool? {
                contents(of: "/proc/self/stat").flatMap { ProcessStat($0) }?.ignoresHangup
            }
            // SIG_DFL and SIG_IGN (bits/signum-generic.h), which Swift does not import.
            unsafe signal(SIGHUP, unsafeBitCast(0, to: __sighandler_t.self))
            #expect(ignoresHangup() == false)
            unsafe signal(SIGHUP, unsafeBitCast(1, to: __sighandler_t.self))
            #expect(ignoresHangup() == true)
        }
    }

    @Test
    func `names no parent of the first process`() {
        #expect(ProcessStat([UInt8]("1 (init) S 0 1 1".utf8))?.parent == 0)
    }
}
