import CLinux

/// A clock that is never set. Its moments are the time since some moment in the past.
enum MonotonicClock {
    /// The corresponding C function is `clock_gettime` with CLOCK_MONOTONIC.
    static func now() -> Duration {
        var time = timespec()
        // The clock exists on every Linux, so the call cannot fail.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

extension Duration {
    /// A moment that never comes.
    static let never = Duration.seconds(Int64.max / 2)

    /// For calls that wait in milliseconds; zero where it is negative.
    var milliseconds: Int32 { Int32(max(self, .zero) / .milliseconds(1)) }

    /// For calls that wait; zero where it is negative.
    var timespec: timespec {
        let parts = max(self, .zero).components
        return CLinux.timespec(tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
    }
}
