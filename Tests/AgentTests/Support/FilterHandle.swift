import CLinux
import CPcap

@testable import Agent

/// A handle of libpcap that compiles filters for a link type and cannot capture.
@safe final class FilterHandle {
    let handle: OpaquePointer

    init(linkType: Int32 = DLT_EN10MB, snaplen: Int32 = 65535) {
        // pcap_open_dead(3PCAP) fails only if there is no memory.
        unsafe handle = pcap_open_dead(linkType, snaplen)!
    }

    deinit {
        unsafe pcap_close(handle)
    }

    func compile(_ expression: ByteString) throws(Failure) -> BPFProgram {
        try unsafe BPFProgram(compiling: expression, for: handle)
    }

    /// Returns libpcap's message; nil if the expression compiles.
    func rejection(of expression: ByteString) -> String? {
        do {
            _ = try compile(expression)
            return nil
        } catch {
            return error.description.text
        }
    }

    /// Returns the number of bytes that a program accepts of a packet.
    ///
    /// - Parameters:
    ///   - program: The program.
    ///   - bytes: The bytes of the packet by their offsets. All others are 0.
    ///   - length: The length of the packet in bytes.
    static func kept(by program: BPFProgram, of bytes: [Int: UInt8], length: Int = 64) -> UInt32 {
        var packet = [UInt8](repeating: 0, count: length)
        for (offset, byte) in bytes { packet[offset] = byte }
        let instructions = program.instructions.map { bpf_insn(code: $0.code, jt: $0.jt, jf: $0.jf, k: $0.k) }
        return unsafe instructions.withUnsafeBufferPointer { instructions in
            unsafe packet.withUnsafeBufferPointer { packet in
                unsafe bpf_filter(instructions.baseAddress, packet.baseAddress, UInt32(length), UInt32(length))
            }
        }
    }
}

extension BPFProgram {
    /// The fields of all instructions, as values that can be compared.
    var words: [UInt32] { instructions.flatMap { [UInt32($0.code), UInt32($0.jt), UInt32($0.jf), $0.k] } }
}
