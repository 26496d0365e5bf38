import CLinux
import CPcap

/// A compiled filter: a program for the kernel's packet filter (bpf(4), linux/filter.h).
///
/// Only the kernel runs programs. It checks every instruction when a program is attached.
@safe public struct BPFProgram: Sendable {
    /// The instructions in order.
    var instructions: [sock_filter]

    /// The largest number of instructions that the kernel accepts in a program.
    static let maximumCount = Int(BPF_MAXINSNS)

    /// The program that accepts all packets.
    static let acceptingAll = BPFProgram(instructions: [.return(UInt32.max)])

    /// Creates a program of instructions.
    init(instructions: [sock_filter]) {
        self.instructions = instructions
    }

    /// Compiles an expression of pcap-filter(7).
    ///
    /// - Parameters:
    ///   - expression: The expression.
    ///   - netmask: The IPv4 network mask for `ip broadcast`, in the host's byte order (gencode.c, gen_broadcast).
    ///   - handle: The handle of libpcap, which has the link type and the snaplen.
    /// - Throws: libpcap's message.
    ///
    /// The corresponding C function is `pcap_compile`.
    init(
        compiling expression: ByteString, netmask: UInt32 = PCAP_NETMASK_UNKNOWN, for handle: OpaquePointer
    ) throws(Failure) {
        var program = unsafe bpf_program()
        let status = unsafe expression.withCString { text in
            unsafe pcap_compile(handle, &program, text, 1, netmask)
        }
        guard status == 0 else { throw Failure(unsafe ByteString(cString: pcap_geterr(handle))) }
        defer { unsafe pcap_freecode(&program) }
        // libpcap's instructions are valid until pcap_freecode(3PCAP).
        let compiled = unsafe UnsafeBufferPointer(start: program.bf_insns, count: Int(program.bf_len))
        instructions = unsafe compiled.map { sock_filter(code: $0.code, jt: $0.jt, jf: $0.jf, k: $0.k) }
    }

    /// Returns the program with a rule before it that rejects the packets that `lo` sends.
    ///
    /// The kernel shows each packet of `lo` twice, sent and received, and libpcap skips the sent one (pcap-linux.c,
    /// linux_check_direction). If the kernel rejects the sent one, the ring has space for twice as many packets, and
    /// the kernel's counts are those of the packets that libpcap returns.
    ///
    /// The corresponding C function is `if_nametoindex`.
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
    /// A reason why the kernel does not run a program.
    enum Refusal: Error, Equatable {
        /// The program has more than ``BPFProgram/maximumCount`` instructions. The value is their number. On `lo` and
        /// `any` it includes the five of ``BPFProgram/rejectingSentOnLoopback()``.
        case tooManyInstructions(Int)
        /// The program needs more memory than a socket may use (socket(7), `net.core.optmem_max`). The value is the
        /// number of its instructions, because the kernel does not tell how many bytes it needs.
        case tooMuchMemory(Int)
        /// The program has an unknown instruction, or a jump backward or past the end.
        case invalidInstruction
        /// The program reads a part of the link-layer header that libpcap adds for files and that the kernel does not
        /// have.
        case needsFileHeader
        /// A system call or libpcap has failed. The text is its error.
        case failed(ByteString)
    }

    /// Asks the kernel whether it accepts the program, on a socket that is then closed.
    ///
    /// - Throws: The reason, if the kernel does not accept the program.
    func requireAcceptance() throws(Refusal) {
        guard instructions.count <= Self.maximumCount else { throw .tooManyInstructions(instructions.count) }
        let scratch = FileDescriptor(owning: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        do throws(SystemError) {
            // On the packet socket the kernel counts the memory of the replaced program and the new one together.
            try Self.acceptingAll.attach(to: scratch.rawValue)
            try attach(to: scratch.rawValue)
        } catch {
            switch error.number {
            case ENOMEM: throw .tooMuchMemory(instructions.count)
            case EINVAL: throw .invalidInstruction
            default: throw .failed(error.description)
            }
        }
    }

    /// Attaches the program to a socket, in place of another program.
    ///
    /// - Throws: EINVAL if the program is too long or has an invalid instruction, ENOMEM if it needs too much memory.
    ///
    /// The corresponding C function is `setsockopt` with SO_ATTACH_FILTER.
    func attach(to socket: Int32) throws(SystemError) {
        guard instructions.count <= Self.maximumCount else { throw SystemError(number: EINVAL) }
        var instructions = instructions
        // setsockopt(2) copies the instructions.
        let status = unsafe instructions.withUnsafeMutableBufferPointer { instructions in
            var program = unsafe sock_fprog(len: UInt16(instructions.count), filter: instructions.baseAddress)
            return unsafe setsockopt(
                socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
        }
        guard status == 0 else { throw .last }
    }

    /// Reads the program that is attached to a socket. Returns nil if there is none.
    ///
    /// The corresponding C function is `getsockopt` with SO_GET_FILTER, whose size is a number of instructions.
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
    /// Loads a property of the packet that is not in its bytes (linux/filter.h, SKF_AD_OFF).
    fileprivate static func load(_ property: Int32) -> sock_filter {
        sock_filter(
            code: UInt16(BPF_LD | BPF_W | BPF_ABS), jt: 0, jf: 0, k: UInt32(bitPattern: SKF_AD_OFF + property))
    }

    /// Continues with the next instruction if the loaded value is `value`, otherwise skips `count` instructions.
    fileprivate static func jumpIfEqual(to value: UInt32, otherwiseSkipping count: UInt8) -> sock_filter {
        sock_filter(code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: 0, jf: count, k: value)
    }

    /// Ends the program and accepts that number of bytes of the packet; 0 rejects the packet.
    fileprivate static func `return`(_ bytes: UInt32) -> sock_filter {
        sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: bytes)
    }
}
