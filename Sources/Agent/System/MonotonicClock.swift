import CLinux

/// A clock that nobody sets, and that does not advance while the machine sleeps (clock_getres(2), CLOCK_MONOTONIC).
enum MonotonicClock {
    /// A moment on this clock.
    struct Instant: Comparable, Sendable {
        /// The time since the clock began, which is about when the machine started.
        private let sinceStart: Duration

        /// A moment that never comes.
        static let distantFuture = Instant(sinceStart: .seconds(Int64.max / 2))

        init(sinceStart: Duration) {
            self.sinceStart = sinceStart
        }

        static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }

        static func + (instant: Instant, duration: Duration) -> Instant {
            Instant(sinceStart: instant.sinceStart + duration)
        }

        static func - (later: Instant, earlier: Instant) -> Duration { later.sinceStart - earlier.sinceStart }
    }

    /// Reads the present moment. The corresponding C function is `clock_gettime` with CLOCK_MONOTONIC.
    static func now() -> Instant {
        var time = timespec()
        // The clock exists on every Linux, so the call cannot fail.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(sinceStart: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
    }
}

extension Duration {
    /// The whole milliseconds for a call that waits; zero if the duration is negative.
    var milliseconds: Int32 { Int32(max(self, .zero) / .milliseconds(1)) }

    /// The duration for a call that waits; zero if the duration is negative.
    var timespec: timespec {
        let parts = max(self, .zero).components
        return CLinux.timespec(tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
    }
}
