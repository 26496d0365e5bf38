/// A 64-bit counter that follows a 32-bit counter of libpcap, which wraps to 0.
struct WrappingCounter {
    /// The count since the start.
    private(set) var total: UInt64 = 0
    /// The last value of libpcap's counter.
    private var last: UInt32 = 0

    /// Adds the difference to the last value of libpcap's counter.
    mutating func advance(to value: UInt32) {
        total += UInt64(value &- last)
        last = value
    }
}
