import CLinux
import CPcap

/// A compiled filter: a program for the packet filter in the kernel (bpf(4)).
@safe public struct Filter {
    var instructions: [bpf_insn]

    /// Compiles `expression`. The corresponding C function is `pcap_compile`. Throws libpcap's message.
    static func compile(_ expression: ByteString, for handle: OpaquePointer) throws(Failure) -> Filter {
        var program = unsafe bpf_program()
        let status = unsafe expression.withCString { text in
            unsafe pcap_compile(handle, &program, text, 1, PCAP_NETMASK_UNKNOWN)
        }
        guard status == 0 else { throw Failure(unsafe ByteString(cString: pcap_geterr(handle))) }
        defer { unsafe pcap_freecode(&program) }
        let compiled = unsafe UnsafeBufferPointer(start: program.bf_insns, count: Int(program.bf_len))
        return unsafe Filter(instructions: [bpf_insn](compiled))
    }

    /// Whether libpcap takes it for a program, and all jumps lead forward to another instruction. Only `protochain` compiles
    /// to a loop, by a jump whose offset is negative. The corresponding C function is `bpf_validate`, which lets some unknown
    /// instructions pass; the kernel does not.
    func isValid(allowingLoops: Bool) -> Bool {
        let isProgram = unsafe instructions.withUnsafeBufferPointer {
            unsafe bpf_validate($0.baseAddress, Int32($0.count))
        }
        let jump = UInt16(BPF_JMP | BPF_JA)
        return isProgram != 0 && (allowingLoops || instructions.allSatisfy { $0.code != jump || $0.k <= Int32.max })
    }

    /// Where it is applied, as packet_socket.h says.
    enum Place: Int32 {
        case kernel, kernelAndLibpcap, libpcap
    }

    /// Sets it, in the kernel where that takes it, else in libpcap, which is told with a warning.
    /// The corresponding C function is `pcap_setfilter`.
    func install(in handle: OpaquePointer, log: Log) throws(Failure) -> Place {
        var instructions = instructions
        let status = unsafe instructions.withUnsafeMutableBufferPointer { instructions in
            var program = unsafe bpf_program(bf_len: UInt32(instructions.count), bf_insns: instructions.baseAddress)
            return unsafe cf_pcap_set_filter(handle, &program)
        }
        guard let place = Place(rawValue: status) else {
            let reason = unsafe ByteString(cString: pcap_geterr(handle))
            throw Failure("failed to set the filter: \(reason.isEmpty ? SystemError.last.description : reason)")
        }
        if place == .libpcap {
            log.warn("filter is applied in user space, every packet of the interface passes through the ring") {
                $0.add("instructions", instructions.count)
            }
        }
        return place
    }
}
