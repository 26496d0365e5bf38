import CLinux
import Glibc
import Testing

@testable import Agent

/// Each test runs in its own process, because it sends signals to the process.
@Suite("Signals")
struct SignalsTests {
    @Test(arguments: [(SIGINT, "interrupt"), (SIGTERM, "terminated"), (SIGHUP, "hangup")])
    func `for a stop are returned once, by name`(_ signal: Int32, _ name: String) async {
        await #expect(processExitsWith: .success) { [signal, name] in
            let signals = try Signals()
            #expect(Self.all(signals).isEmpty)
            raise(signal)
            #expect(Self.isReadable(signals.descriptor))
            #expect(Self.all(signals) == [.stop(ByteString(text: name))])
            #expect(!Self.isReadable(signals.descriptor))
        }
    }

    @Test
    func `for a report are not for a stop`() async {
        await #expect(processExitsWith: .success) {
            let signals = try Signals()
            raise(SIGUSR1)
            #expect(Self.all(signals) == [.report])
        }
    }

    @Test
    func `of several kinds are all returned`() async {
        await #expect(processExitsWith: .success) {
            let signals = try Signals()
            for signal in [SIGUSR1, SIGTERM, SIGINT, SIGTERM] { raise(signal) }
            let requests = Self.all(signals)
            #expect(requests.count == 3)
            #expect(requests.contains(.report))
            #expect(requests.contains(.stop("terminated")))
            #expect(requests.contains(.stop("interrupt")))
        }
    }

    @Test
    func `that come after a read are returned by the next one`() async {
        await #expect(processExitsWith: .success) {
            let signals = try Signals()
            for _ in 0..<3 {
                raise(SIGTERM)
                #expect(Self.all(signals) == [.stop("terminated")])
            }
        }
    }

    @Test
    func `of a hangup stay ignored if they are at the start`() async {
        await #expect(processExitsWith: .success) {
            cf_pcap_ignore(SIGHUP)
            let signals = try Signals()
            #expect(Hangup.isIgnored)
            raise(SIGHUP)
            #expect(Self.all(signals).isEmpty)
            raise(SIGINT)
            #expect(Self.all(signals) == [.stop("interrupt")])
        }
    }

    @Test
    func `of a hangup are not ignored otherwise`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGHUP, SIG_DFL)
            #expect(!Hangup.isIgnored)
        }
    }

    @Test
    func `of a pipe without a reader and of a file at its limit do not end the process`() async {
        await #expect(processExitsWith: .success) {
            let signals = try Signals()
            let pipe = try TestPipe()
            close(pipe.giveAwayReadEnd())
            #expect(pipe.write(1) == -1)
            #expect(SystemError.last.number == EPIPE)
            raise(SIGXFSZ)
            #expect(Self.all(signals).isEmpty)
        }
    }

    @Test
    func `end a wait`() async {
        await #expect(processExitsWith: .success) {
            // Ends the process if the test hangs.
            alarm(60)
            let signals = try Signals()
            let waiting = pthread_self()
            Task.detached {
                usleep(50_000)
                pthread_kill(waiting, SIGTERM)
            }
            #expect(Self.isReadable(signals.descriptor, within: 30_000))
        }
    }

    @Test
    func `are read from a descriptor that other programs do not inherit`() async {
        await #expect(processExitsWith: .success) {
            let signals = try Signals()
            #expect(LibraryFunction("fcntl")([Int(signals.descriptor), Int(F_GETFD)]).result == FD_CLOEXEC)
        }
    }

    /// Returns the meanings of all pending signals.
    private static func all(_ signals: borrowing Signals) -> [Signals.Request] {
        var requests: [Signals.Request] = []
        while let request = signals.next() { requests.append(request) }
        return requests
    }

    private static func isReadable(_ descriptor: Int32, within milliseconds: Int32 = 0) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) == 1 && entry.revents == Int16(POLLIN)
    }
}
