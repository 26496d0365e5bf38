@testable import Agent

/// A sink that has memory and no output: for packets that are small enough to be copied.
@safe final class TestSink {
    let pointer: UnsafeMutablePointer<RecordSink>
    private let memory: UnsafeMutableRawPointer
    private let output: UnsafeMutablePointer<Output>

    /// `handle` is that of libpcap's loop, which the sink leaves when it is full.
    init(snaplen: Int, handle: OpaquePointer) {
        unsafe memory = .allocate(byteCount: RecordSink.capacity(snaplen: snaplen), alignment: 64)
        unsafe output = .allocate(capacity: 1)
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: RecordSink(start: memory, snaplen: snaplen, output: output, handle: handle))
    }

    deinit {
        unsafe pointer.deallocate()
        unsafe output.deallocate()
        unsafe memory.deallocate()
    }

    var bytes: [UInt8] { unsafe [UInt8](UnsafeRawBufferPointer(start: memory, count: pointer.pointee.length)) }
    var packets: UInt64 { unsafe pointer.pointee.packets }
    var truncated: UInt64 { unsafe pointer.pointee.truncated }

    func empty() {
        unsafe pointer.pointee.length = 0
    }
}
