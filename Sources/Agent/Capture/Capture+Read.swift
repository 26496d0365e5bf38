import CLinux
import CPcap

extension Capture {
    /// The number of bytes after which one reading ends, except for the last record: enough for one write, and few enough
    /// to stay in a core's nearest caches.
    static let batchSize = 256 << 10

    /// Adds packets from the ring to `queue` until the ring is empty, the queue is full, or the packets make a batch. The
    /// queue must have free space. Returns whether the ring is empty. Throws libpcap's reason if the interface
    /// fails. The corresponding C function is `pcap_dispatch`.
    func read(into queue: inout RecordQueue) throws(Failure) -> Bool {
        let byteLimit = queue.count + min(Self.batchSize, queue.freeSpace)
        let status = unsafe withUnsafeMutablePointer(to: &queue) { queue in
            var context = unsafe ReadContext(queue: queue, byteLimit: byteLimit, handle: handle)
            return unsafe withUnsafeMutableBytes(of: &context) { context in
                unsafe pcap_dispatch(
                    handle, -1, ReadContext.addPacket, context.assumingMemoryBound(to: UInt8.self).baseAddress)
            }
        }
        switch status {
        case 0...: return true
        case PCAP_ERROR_BREAK: return false
        default: throw failure
        }
    }
}

/// The state of one call of `pcap_dispatch`, valid during that call.
@unsafe private struct ReadContext {
    let queue: UnsafeMutablePointer<RecordQueue>
    /// The number of bytes in the queue at which the call ends.
    let byteLimit: Int
    let handle: OpaquePointer

    static let addPacket: pcap_handler = { user, header, bytes in
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
