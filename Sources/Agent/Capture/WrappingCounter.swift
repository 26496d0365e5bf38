/// Follows one of libpcap's 32-bit counters past its wrapping.
struct WrappingCounter {
    private(set) var total: UInt64 = 0
    private var last: UInt32 = 0

    mutating func advance(to value: UInt32) {
        total += UInt64(value &- last)
        last = value
    }
}
