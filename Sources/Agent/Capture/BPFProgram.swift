import CLinux
import CPcap

/// A compiled filter: a program for the packet filter in the kernel (bpf(4), linux/filter.h).
///
/// Nothing but the kernel ever runs it, and the kernel checks every instruction first.
@safe public struct BPFProgram: Sendable {
    /// The instructions, first to last.
    var instructions: [sock_filter]

    /// The number of instructions that the kernel accepts in one program.
    static let maximumCount = Int(BPF_MAXINSNS)

    /// The program that accepts every packet as a whole.
    static let acceptingAll = BPFProgram(instructions: [.return(UInt32.max)])

    init(instructions: [sock_filter]) {
        self.instructions = instructions
    }

    /// Compiles an expression of pcap-filter(7) for the link type and snaplen of `handle`. Only `ip broadcast` uses
    /// `netmask`, whose bytes are in this machine's order: libpcap compares it with what the program loads (gencode.c,
    /// gen_broadcast). Throws libpcap's message. The corresponding C function is `pcap_compile`.
    init(
        compiling expression: ByteString, netmask: UInt32 = PCAP_NETMASK_UNKNOWN, for handle: OpaquePointer
    ) throws(Failure) {
        var program = unsafe bpf_program()
        let status = unsafe expression.withCString { text in
            unsafe pcap_compile(handle, &program, text, 1, netmask)
        }
        guard status == 0 else { throw Failure(unsafe ByteString(cString: pcap_geterr(handle))) }
        defer { unsafe pcap_freecode(&program) }
        let compiled = unsafe UnsafeBufferPointer(start: program.bf_insns, count: Int(program.bf_len))
        instructions = unsafe compiled.map { sock_filter(code: $0.code, jt: $0.jt, jf: $0.jf, k: $0.k) }
    }

    /// Returns a program that rejects the packets which `lo` sends, and does with all others what this one does.
    ///
    /// A packet on `lo` comes twice, once sent and once received, and libpcap passes on only the received one (pcap-linux.c,
    /// linux_check_direction). If the kernel rejects the other one, the ring holds twice as many packets, and the kernel
    /// counts exactly those that libpcap passes on. The corresponding C function is `if_nametoindex`.
    func rejectingSentOnLoopback() -> BPFProgram {
        let outgoing = UInt32(PACKET_OUTGOING)
        let loopback = unsafe if_nametoindex("lo")
        return BPFProgram(
            instructions: [
                .load(SKF_AD_PKTTYPE), .jumpIfEqual(to: outgoing, otherwiseSkipping: 3),
                .load(SKF_AD_IFINDEX), .jumpIfEqual(to: loopback, otherwiseSkipping: 1),
                .return(0),
            ] + instructions)
    }
}

// MARK: The kernel

extension BPFProgram {
    /// A reason why the kernel does not accept a program.
    enum Refusal: Error, Equatable {
        /// It has more instructions than ``BPFProgram/maximumCount``.
        case tooManyInstructions(Int)
        /// Its instructions take more memory than a socket may have (socket(7), `net.core.optmem_max`).
        case tooMuchMemory(Int)
        /// An instruction is unknown, or a jump leads backward or out of the program.
        case invalidInstruction
        /// The kernel cannot be asked.
        case failed(SystemError)
    }

    /// Asks the kernel whether it accepts the program, on a socket that is closed again. Throws if it does not.
    func requireAcceptance() throws(Refusal) {
        guard instructions.count <= Self.maximumCount else { throw .tooManyInstructions(instructions.count) }
        let scratch = FileDescriptor(owning: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        do throws(SystemError) {
            // The kernel counts the program that is replaced together with the new one, as it will on the packet socket.
            try Self.acceptingAll.attach(to: scratch.rawValue)
            try attach(to: scratch.rawValue)
        } catch {
            switch error.number {
            case ENOMEM: throw .tooMuchMemory(instructions.count)
            case EINVAL: throw .invalidInstruction
            default: throw .failed(error)
            }
        }
    }

    /// Attaches the program to a socket, in place of another. Throws EINVAL if it has more instructions than
    /// ``maximumCount`` or one that the kernel does not know. The corresponding C function is `setsockopt` with
    /// SO_ATTACH_FILTER.
    func attach(to socket: Int32) throws(SystemError) {
        guard instructions.count <= Self.maximumCount else { throw SystemError(number: EINVAL) }
        var instructions = instructions
        let status = unsafe instructions.withUnsafeMutableBufferPointer { instructions in
            var program = unsafe sock_fprog(len: UInt16(instructions.count), filter: instructions.baseAddress)
            return unsafe setsockopt(
                socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
        }
        guard status == 0 else { throw .last }
    }

    /// Reads the program that is attached to a socket; nil if there is none. The corresponding C function is `getsockopt`
    /// with SO_GET_FILTER, which counts instructions, not bytes.
    init?(attachedTo socket: Int32) {
        var instructions = [sock_filter](repeating: sock_filter(), count: Self.maximumCount)
        var count = socklen_t(instructions.count)
        guard unsafe getsockopt(socket, SOL_SOCKET, SO_GET_FILTER, &instructions, &count) == 0, count > 0 else {
            return nil
        }
        self.instructions = [sock_filter](instructions.prefix(Int(count)))
    }
}

extension sock_filter {
    /// Loads a property of the packet that does not stand in its bytes (linux/filter.h, SKF_AD_OFF).
    fileprivate static func load(_ property: Int32) -> sock_filter {
        sock_filter(
            code: UInt16(BPF_LD | BPF_W | BPF_ABS), jt: 0, jf: 0, k: UInt32(bitPattern: SKF_AD_OFF + property))
    }

    /// Goes on with the next instruction if the loaded value is `value`, otherwise skips `count` instructions.
    fileprivate static func jumpIfEqual(to value: UInt32, otherwiseSkipping count: UInt8) -> sock_filter {
        sock_filter(code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: 0, jf: count, k: value)
    }

    /// Keeps that many bytes of the packet; 0 rejects it.
    fileprivate static func `return`(_ bytes: UInt32) -> sock_filter {
        sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: bytes)
    }
}
