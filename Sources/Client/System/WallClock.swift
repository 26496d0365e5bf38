/// The time of day.
enum WallClock {
    /// Nanoseconds since 1970. The corresponding C function is `clock_gettime`.
    static func now() -> UInt64 {
        var time = timespec()
        // CLOCK_REALTIME exists everywhere, so the call cannot fail.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
