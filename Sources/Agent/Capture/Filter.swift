import CLinux
import CPcap

/// A compiled filter: a program for the packet filter in the kernel (bpf(4)).
@safe public struct Filter {
    var instructions: [bpf_insn]

    /// Compiles `expression`; `netmask` serves `ip broadcast` alone. Its bytes are in this machine's order: libpcap compares
    /// it with what the program loads (gencode.c, gen_broadcast). Throws libpcap's message.
    /// The corresponding C function is `pcap_compile`.
    static func compile(
        _ expression: ByteString, netmask: UInt32 = PCAP_NETMASK_UNKNOWN, for handle: OpaquePointer
    ) throws(Failure) -> Filter {
        var program = unsafe bpf_program()
        let status = unsafe expression.withCString { text in
            unsafe pcap_compile(handle, &program, text, 1, netmask)
        }
        guard status == 0 else { throw Failure(unsafe ByteString(cString: pcap_geterr(handle))) }
        defer { unsafe pcap_freecode(&program) }
        let compiled = unsafe UnsafeBufferPointer(start: program.bf_insns, count: Int(program.bf_len))
        return unsafe Filter(instructions: [bpf_insn](compiled))
    }

    /// All instructions of bpf(4), by class: loads, stores, arithmetic, jumps, returns, transfers (net/core/filter.c,
    /// chk_code_allowed).
    private static let known: [UInt16] = [
        0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1, 0x02, 0x03,
        0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c,
        0x84, 0x94, 0x9c, 0xa4, 0xac, 0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x06, 0x16, 0x07, 0x87,
    ]

    /// Whether it is a program of known instructions, in which all jumps lead forward to another. Only `protochain`
    /// compiles to a loop, by a jump whose offset is negative. The corresponding C function is `bpf_validate`, which lets
    /// some unknown instructions pass.
    func isValid(allowingLoops: Bool) -> Bool {
        let valid = unsafe instructions.withUnsafeBufferPointer { unsafe bpf_validate($0.baseAddress, Int32($0.count)) }
        let jump = UInt16(BPF_JMP | BPF_JA)
        return valid != 0
            && instructions.allSatisfy {
                Self.known.contains($0.code) && (allowingLoops || $0.code != jump || $0.k <= Int32.max)
            }
    }

    /// Where it is applied, as packet_socket.h says.
    enum Place: Int32 {
        case kernel, kernelAndLibpcap, libpcap
    }

    /// Sets it in the kernel; where the kernel does not take it, in libpcap, and logs a warning. Throws libpcap's reason,
    /// or the system's. The corresponding C function is `pcap_setfilter`.
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
