import CLinux
import CPcap

/// The state of one call of `pcap_dispatch`, valid during that call.
@unsafe struct ReadContext {
    /// The number of bytes after which one call ends, except for the last record: enough for one write, and few enough to
    /// stay in a core's nearest caches.
    private static let batchSize = 256 << 10

    private let queue: UnsafeMutablePointer<RecordQueue>
    /// The number of bytes in the queue at which the call ends.
    private let byteLimit: Int
    private let handle: OpaquePointer

    /// Adds packets from the ring to `queue`, which must have free space, and returns the status. The corresponding C
    /// function is `pcap_dispatch`.
    static func dispatch(_ handle: OpaquePointer, into queue: inout RecordQueue) -> Int32 {
        let byteLimit = unsafe queue.count + min(batchSize, queue.freeSpace)
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
