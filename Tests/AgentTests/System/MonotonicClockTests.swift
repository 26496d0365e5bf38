import CLinux
import Testing

@testable import Agent

@Suite("The monotonic clock")
struct MonotonicClockTests {
    @Test
    func `advances`() {
        let before = MonotonicClock.now()
        usleep(2000)
        let after = MonotonicClock.now()
        #expect(after >= before + .milliseconds(2))
        #expect(after < before + .seconds(60))
    }

    @Test
    func `has a moment that never comes`() {
        #expect(MonotonicClock.now() + .seconds(1_000_000_000) < .distantFuture)
        #expect(MonotonicClock.Instant.distantFuture - MonotonicClock.now() > .seconds(1_000_000_000))
        #expect(min(.distantFuture, MonotonicClock.now()) < .distantFuture)
    }

    @Test(
        arguments: [
            (.zero, 0, 0), (.nanoseconds(1), 0, 1), (.microseconds(250), 0, 250_000),
            (.milliseconds(1500), 1, 500_000_000), (.seconds(3600), 3600, 0), (.seconds(-5), 0, 0),
            (.milliseconds(-1), 0, 0),
        ] as [(Duration, Int, Int)])
    func `gives seconds and nanoseconds to calls that wait, at least zero`(
        _ duration: Duration, _ seconds: Int, _ nanoseconds: Int
    ) {
        let time = duration.timespec
        #expect((time.tv_sec, time.tv_nsec) == (seconds, nanoseconds))
    }

    @Test(
        arguments: [
            (.seconds(-1), 0), (.zero, 0), (.microseconds(999), 0), (.milliseconds(48), 48), (.seconds(1), 1000),
        ] as [(Duration, Int32)])
    func `gives milliseconds to calls that wait, at least zero`(_ duration: Duration, _ milliseconds: Int32) {
        #expect(duration.milliseconds == milliseconds)
    }
}
