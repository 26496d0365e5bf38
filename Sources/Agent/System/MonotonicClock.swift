import CLinux

/// The clock that no one sets.
enum MonotonicClock {
    /// Milliseconds since some moment in the past. The corresponding C function is `clock_gettime`.
    static func now() -> Int64 {
        var time = timespec()
        // CLOCK_MONOTONIC exists on every Linux, so the call cannot fail.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
