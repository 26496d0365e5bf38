import CLinux
import CPcap

extension RecordQueue {
    /// Bytes that a look into the ring adds, but for the last record: enough for one write, and few enough to stay in a
    /// core's nearest caches.
    static let batch = 256 << 10

    /// Adds packets from the ring until there is none left or no room, or they make a batch. There must be room. Returns
    /// whether none was left. The corresponding C function is `pcap_dispatch`.
    mutating func take(from capture: borrowing Capture) throws(Failure) -> Bool {
        let enough = count + min(Self.batch, room)
        let handle = unsafe capture.handle
        let status = unsafe withUnsafeMutablePointer(to: &self) { queue in
            var intake = unsafe Intake(queue: queue, enough: enough, handle: handle)
            return unsafe withUnsafeMutableBytes(of: &intake) { intake in
                unsafe pcap_dispatch(handle, -1, Intake.add, intake.assumingMemoryBound(to: UInt8.self).baseAddress)
            }
        }
        switch status {
        case 0...: return true
        case PCAP_ERROR_BREAK: return false
        default: throw capture.failure
        }
    }
}

/// What the callback of one `pcap_dispatch` works on, valid during that call.
@unsafe private struct Intake {
    let queue: UnsafeMutablePointer<RecordQueue>
    let enough: Int
    let handle: OpaquePointer

    static let add: pcap_handler = { user, header, bytes in
        // The user pointer is never null here; header and packet are valid during the call (pcap_dispatch(3PCAP)).
        let intake = unsafe UnsafeMutableRawPointer(user.unsafelyUnwrapped).assumingMemoryBound(to: Intake.self)
        let queue = unsafe intake.pointee.queue
        let header = unsafe header.unsafelyUnwrapped.pointee
        unsafe queue.pointee.add(
            seconds: UInt32(truncatingIfNeeded: header.ts.tv_sec),
            microseconds: UInt32(truncatingIfNeeded: header.ts.tv_usec), captured: header.caplen, length: header.len,
            bytes.unsafelyUnwrapped)
        if unsafe queue.pointee.count >= intake.pointee.enough { unsafe pcap_breakloop(intake.pointee.handle) }
    }
}
