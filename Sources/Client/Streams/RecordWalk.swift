/// Goes over a pcap stream's records from one to the next and brings their headers into a batch's form, in place.
struct RecordWalk {
    /// Why the walk ended where it did.
    enum Stop: Equatable {
        /// The next record needs this many bytes in all.
        case incomplete(needed: Int)
        /// The bytes that follow are no record.
        case invalid
    }

    private(set) var count = 0
    private(set) var captured = 0
    private(set) var latest: UInt64 = 0
    private(set) var stepsBack = false
    /// The bytes of the whole records.
    private(set) var end = 0
    private(set) var stop = Stop.incomplete(needed: RecordHeader.size)

    private let isSwapped: Bool
    private let longest: UInt32
    private let nanosecondsPerUnit: UInt64

    /// Walks over the whole records at the start of `bytes`, those that end by `limit`.
    init(over bytes: UnsafeMutableRawBufferPointer, upTo limit: Int, of header: PcapHeader) {
        isSwapped = header.isSwapped
        longest = header.longestPacket
        nanosecondsPerUnit = header.isNanoseconds ? 1 : 1000
        unsafe run(bytes, upTo: min(limit, bytes.count))
    }

    /// Every access lies before `limit`, which lies within `bytes`.
    private mutating func run(_ bytes: UnsafeMutableRawBufferPointer, upTo limit: Int) {
        while end + RecordHeader.size <= limit {
            let length = unsafe number(bytes, at: end + 8)
            let original = unsafe number(bytes, at: end + 12)
            // More kept of a packet than it had is tolerated, as by libpcap.
            guard length <= longest else {
                stop = .invalid
                return
            }
            let next = end + RecordHeader.size + Int(length)
            guard next <= limit else {
                stop = .incomplete(needed: next - end)
                return
            }
            // 2^32 seconds and as many microseconds are less than 2^63 nanoseconds.
            let seconds = unsafe UInt64(number(bytes, at: end))
            let fraction = unsafe UInt64(number(bytes, at: end + 4))
            let time = seconds &* 1_000_000_000 &+ fraction &* nanosecondsPerUnit
            unsafe bytes.storeBytes(of: time, toByteOffset: end, as: UInt64.self)
            unsafe bytes.storeBytes(of: length, toByteOffset: end + 8, as: UInt32.self)
            unsafe bytes.storeBytes(of: original, toByteOffset: end + 12, as: UInt32.self)
            count &+= 1
            captured &+= Int(length)
            if time >= latest {
                latest = time
            } else if latest &- time > RecordBatch.stepBack {
                stepsBack = true
            }
            end = next
        }
    }

    @inline(__always)
    private func number(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> UInt32 {
        let value = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return isSwapped ? value.byteSwapped : value
    }
}
