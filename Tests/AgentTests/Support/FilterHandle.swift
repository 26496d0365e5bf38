import CPcap

@testable import Agent

/// A handle of libpcap that compiles filters for a link type and captures nothing.
@safe final class FilterHandle {
    let handle: OpaquePointer

    init(linkType: Int32 = DLT_EN10MB, snaplen: Int32 = 65535) {
        // pcap_open_dead(3PCAP) fails only where there is no memory.
        unsafe handle = pcap_open_dead(linkType, snaplen)!
    }

    deinit {
        unsafe pcap_close(handle)
    }

    func compile(_ expression: ByteString) throws(Failure) -> Filter {
        try unsafe Filter.compile(expression, for: handle)
    }

    /// libpcap's message; nil where it compiles.
    func rejection(of expression: ByteString) -> String? {
        do {
            _ = try compile(expression)
            return nil
        } catch {
            return error.description.text
        }
    }

    /// What a filter keeps of a packet in which only the bytes given are not zero.
    static func kept(by filter: Filter, of bytes: [Int: UInt8], length: Int = 64) -> UInt32 {
        var packet = [UInt8](repeating: 0, count: length)
        for (offset, byte) in bytes { packet[offset] = byte }
        return unsafe filter.instructions.withUnsafeBufferPointer { instructions in
            unsafe packet.withUnsafeBufferPointer { packet in
                unsafe bpf_filter(instructions.baseAddress, packet.baseAddress, UInt32(length), UInt32(length))
            }
        }
    }
}
