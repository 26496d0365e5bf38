import CLinux
import CPcap

/// The state of one call of `pcap_dispatch`, valid during that call.
@unsafe struct ReadContext {
    /// The number of bytes after which one call ends, except for the last record: a block of the ring, so that an output
    /// that is too slow still frees one with each call.
    private static let batchSize = 256 << 10
    /// The same while the output keeps up: few enough for a core's nearest caches. Packets of 65,000 bytes cost 5 % less CPU
    /// than in batches of 256 kB, small ones the same.
    private static let cachedBatchSize = 64 << 10

    private let queue: UnsafeMutablePointer<RecordQueue>
    /// The number of bytes in the queue at which the call ends.
    private let byteLimit: Int
    private let handle: OpaquePointer

    /// Adds packets from the ring to `queue`, which must have free space, and returns the status. The corresponding C
    /// function is `pcap_dispatch`.
    static func dispatch(_ handle: OpaquePointer, into queue: inout RecordQueue) -> Int32 {
        let size = unsafe queue.isEmpty ? cachedBatchSize : batchSize
        let byteLimit = queue.count + min(size, queue.freeSpace)
        return unsafe withUnsafeMutablePointer(to: &queue) { queue in
            var context = unsafe ReadContext(queue: queue, byteLimit: byteLimit, handle: handle)
            return unsafe withUnsafeMutableBytes(of: &context) { context in
                unsafe pcap_dispatch(handle, -1, addPacket, context.assumingMemoryBound(to: UInt8.self).baseAddress)
            }
        }
    }

    private static let addPacket: pcap_handler = { user, header, bytes in
        // The user pointer is never null here; header and packet are valid during the call (pcap_dispatch(3PCAP)).
        let context = unsafe UnsafeMutableRawPointer(user.unsafelyUnwrapped).assumingMemoryBound(to: ReadContext.self)
        let queue = unsafe context.pointee.queue
        let header = unsafe header.unsafelyUnwrapped.pointee
        unsafe queue.pointee.add(
            seconds: UInt32(truncatingIfNeeded: header.ts.tv_sec),
            microseconds: UInt32(truncatingIfNeeded: header.ts.tv_usec), captured: header.caplen, length: header.len,
            bytes.unsafelyUnwrapped)
        if unsafe queue.pointee.count >= context.pointee.byteLimit { unsafe pcap_breakloop(context.pointee.handle) }
    }
}
