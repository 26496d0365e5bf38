@testable import Agent

/// A sink that has memory, and no output but where one is asked for: packets that are small are copied, large ones written.
@safe final class TestSink {
    let pointer: UnsafeMutablePointer<RecordSink>
    private let memory: UnsafeMutableRawPointer
    private let output: UnsafeMutablePointer<Output>

    /// `handle` is that of libpcap's loop, which the sink leaves when it is full. The output is standard output.
    init(snaplen: Int, handle: OpaquePointer, hasOutput: Bool = false) throws {
        unsafe memory = .allocate(byteCount: RecordSink.capacity(snaplen: snaplen), alignment: 64)
        unsafe output = .allocate(capacity: 1)
        if hasOutput { unsafe output.initialize(to: try Output()) }
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
