import CLinux
import Glibc
import Testing

@testable import Agent

/// Each in a process of its own, for signals are the process's.
@Suite("Signals")
struct SignalsTests {
    @Test(arguments: [(SIGINT, "interrupt"), (SIGTERM, "terminated"), (SIGHUP, "hangup")])
    func `to stop are given once, by name`(_ signal: Int32, _ name: String) async {
        await #expect(processExitsWith: .success) { [signal, name] in
            Self.installSignals()
            #expect(Signals.take().stop == nil)
            raise(signal)
            cf_pcap_let_signals_in()
            #expect(Signals.isStopPending)
            #expect(Signals.take().stop?.name.text == name)
            #expect(!Signals.isStopPending)
            #expect(Signals.take().stop == nil)
        }
    }

    @Test
    func `are seen without a wait, at the fourth look at the latest`() async {
        await #expect(processExitsWith: .success) {
            Self.installSignals()
            for _ in 0..<10 {
                raise(SIGTERM)
                #expect((0..<4).count { _ in Signals.take().stop != nil } == 1)
            }
        }
    }

    @Test
    func `to report do not stop`() async {
        await #expect(processExitsWith: .success) {
            Self.installSignals()
            raise(SIGUSR1)
            cf_pcap_let_signals_in()
            #expect(!Signals.isStopPending)
            let arrived = Signals.take()
            #expect(arrived.wantsReport)
            #expect(arrived.stop == nil)
            #expect(!Signals.take().wantsReport)
        }
    }

    @Test
    func `of a hangup are ignored where they were at the start`() async {
        await #expect(processExitsWith: .success) {
            cf_pcap_ignore(SIGHUP)
            Self.installSignals()
            #expect(Signals.isHangupIgnored)
            raise(SIGHUP)
            cf_pcap_let_signals_in()
            #expect(!Signals.isStopPending)
        }
    }

    @Test
    func `of pipes without readers do not end the process`() async {
        await #expect(processExitsWith: .success) {
            Self.installSignals()
            let pipe = try TestPipe()
            close(pipe.giveAwayReadEnd())
            #expect(pipe.write(1) == -1)
            #expect(SystemError.last.number == EPIPE)
        }
    }

    @Test
    func `that came before a wait end it at once`() async {
        await #expect(processExitsWith: .success) {
            Self.installSignals()
            raise(SIGINT)
            #expect(Self.wait(milliseconds: -1) == SystemError(number: EINTR))
            #expect(Signals.take().stop == .interrupt)
        }
    }

    @Test
    func `that come during a wait end it`() async {
        await #expect(processExitsWith: .success) {
            Self.installSignals()
            let waiting = pthread_self()
            Task.detached {
                usleep(50_000)
                pthread_kill(waiting, SIGTERM)
            }
            let start = MonotonicClock.now()
            #expect(Self.wait(milliseconds: 20_000) == SystemError(number: EINTR))
            #expect(MonotonicClock.now() - start < 10_000)
        }
    }

    @Test
    func `that do not come let a wait end in time`() {
        let start = MonotonicClock.now()
        #expect(Self.wait(milliseconds: 50) == nil)
        #expect((50..<5000).contains(MonotonicClock.now() - start))
    }

    /// As the agent does, in a thread that takes signals: the test runner's block them. SIGALRM ends a test that hangs.
    private static func installSignals() {
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        alarm(60)
        Signals.install()
    }

    /// Waits for signals alone; what ended it, nil for the time.
    private static func wait(milliseconds: Int64) -> SystemError? {
        cf_pcap_wait(nil, 0, milliseconds * 1000) < 0 ? .last : nil
    }
}
