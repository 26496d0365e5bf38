import CLinux

/// A clock that cannot be set and that stops while the machine sleeps (clock_getres(2), `CLOCK_MONOTONIC`).
enum MonotonicClock {
    /// A moment on the monotonic clock.
    struct Instant: Comparable, Sendable {
        /// The time since the start of the clock, which is about the start of the machine.
        private let sinceStart: Duration

        /// A moment later than any other.
        static let distantFuture = Instant(sinceStart: .seconds(Int64.max / 2))

        /// Creates the moment that is a duration after the start of the clock.
        init(sinceStart: Duration) {
            self.sinceStart = sinceStart
        }

        /// Returns whether `left` is earlier than `right`.
        static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }

        /// Returns the moment that is `duration` after `instant`.
        static func + (instant: Instant, duration: Duration) -> Instant {
            Instant(sinceStart: instant.sinceStart + duration)
        }

        /// Returns the time from `earlier` to `later`.
        static func - (later: Instant, earlier: Instant) -> Duration { later.sinceStart - earlier.sinceStart }
    }

    /// Returns the present moment.
    ///
    /// The corresponding C function is `clock_gettime`.
    static func now() -> Instant {
        var time = timespec()
        // The clock exists on every Linux, so the call cannot fail.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(sinceStart: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
    }
}

extension Duration {
    /// The duration in whole milliseconds, for calls that wait; 0 if the duration is negative.
    var milliseconds: Int32 { Int32(max(self, .zero) / .milliseconds(1)) }

    /// The duration in seconds as text, with a digit for tenths of a second unless it is 0.
    var decimalSeconds: ByteString {
        let (seconds, tenths) = (milliseconds / 1000, milliseconds % 1000 / 100)
        return tenths == 0 ? "\(seconds)" : "\(seconds).\(tenths)"
    }

    /// The duration as a C `timespec`, for calls that wait; zero if the duration is negative.
    var timespec: timespec {
        let parts = max(self, .zero).components
        return CLinux.timespec(tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
    }
}
