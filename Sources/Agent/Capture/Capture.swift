import CLinux
import CPcap

/// A live capture by libpcap's memory-mapped ring (TPACKET_V3, packet_mmap in the kernel's documentation).
@safe public struct Capture: ~Copyable {
    /// The size of the ring in bytes. libpcap divides the ring into 80 blocks.
    static let ringSize: Int32 = 20 << 20
    /// The time after which the kernel retires a block of the ring that is not full.
    ///
    /// At low rates, a packet waits this long at most, the agent wakes up at this interval, and the ring holds the
    /// packets of 80 such intervals.
    static let blockTimeout = Duration.milliseconds(48)

    public let interface: Interface
    /// The handle of libpcap, open for the rest of the process's life.
    private let handle: OpaquePointer
    private let socket: PacketSocket

    /// The number of packets that matched the filter.
    private var received = WrappingCounter()
    /// The number of packets that the kernel dropped because the ring was full.
    private var dropped = WrappingCounter()

    /// Creates a capture from an activated handle and its packet socket.
    private init(interface: Interface, descriptor: Int32, handle: OpaquePointer) {
        self.interface = interface
        socket = PacketSocket(descriptor: descriptor)
        unsafe self.handle = handle
    }

    // MARK: Opening

    /// Opens a capture that receives no packets yet.
    ///
    /// Needs CAP_NET_RAW; no later call does. Afterwards the process can no longer make the calls that
    /// `cf_pcap_deny_sending` forbids.
    ///
    /// - Parameters:
    ///   - interface: The interface.
    ///   - snaplen: The number of bytes to keep of each packet.
    ///   - log: The log, for libpcap's warnings.
    /// - Throws: libpcap's reason or the system's.
    ///
    /// The corresponding C functions are `pcap_create` and `pcap_activate`.
    public static func open(_ interface: Interface, snaplen: Int, log: Log) throws(Failure) -> Capture {
        let handle = try unsafe create(interface, snaplen: snaplen)
        // The packet socket will get the lowest free number (socket(2)). Sending on it is denied before it is open.
        let number = dup(STDERR_FILENO)
        guard number >= 0, close(number) == 0, cf_pcap_deny_sending(number) == 0 else {
            throw Failure("failed to forbid sending on the packet socket: \(SystemError.last.description)")
        }
        let status = unsafe pcap_activate(handle)
        let explanation = unsafe explanation(of: status, handle)
        guard status >= 0 else { throw openFailure(interface, explanation) }
        if status > 0 { log.warn("libpcap warns") { $0.add("warning", explanation) } }
        if interface.isAny { unsafe pcap_set_datalink(handle, DLT_LINUX_SLL2) }
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard unsafe pcap_setnonblock(handle, 1, &message) == 0 else {
            throw unsafe openFailure(interface, ByteString(cString: message))
        }
        guard unsafe pcap_fileno(handle) == number else {
            throw Failure("failed to forbid sending on the packet socket: it is not descriptor \(number)")
        }
        return unsafe Capture(interface: interface, descriptor: number, handle: handle)
    }

    /// Creates a handle with the options of a capture.
    ///
    /// - Throws: libpcap's reason.
    private static func create(_ interface: Interface, snaplen: Int) throws(Failure) -> OpaquePointer {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let created = unsafe interface.name.withCString { unsafe pcap_create($0, &message) }
        guard let handle = unsafe created else {
            throw unsafe openFailure(interface, ByteString(cString: message))
        }
        unsafe pcap_set_snaplen(handle, Int32(snaplen))
        unsafe pcap_set_promisc(handle, 0)
        unsafe pcap_set_buffer_size(handle, ringSize)
        unsafe pcap_set_timeout(handle, blockTimeout.milliseconds)
        unsafe pcap_set_protocol_linux(handle, PacketSocket.noProtocol)
        return unsafe handle
    }

    /// Returns the error for an interface that cannot be opened.
    private static func openFailure(_ interface: Interface, _ reason: ByteString) -> Failure {
        Failure("failed to open device \(interface.name): \(reason)")
    }

    /// Returns a status of libpcap in words, with the details in the handle.
    ///
    /// The corresponding C functions are `pcap_statustostr` and `pcap_geterr`.
    private static func explanation(of status: Int32, _ handle: OpaquePointer) -> ByteString {
        let detail = unsafe ByteString(cString: pcap_geterr(handle))
        if status == PCAP_ERROR || status == PCAP_WARNING { return detail }
        let general = unsafe ByteString(cString: pcap_statustostr(status))
        return detail.isEmpty ? general : "\(general) (\(detail))"
    }

    // MARK: The filter

    /// Compiles an expression of pcap-filter(7) for this capture.
    ///
    /// The child process that compiles calls this without the packet socket. libpcap's handle has all that compiling
    /// needs: the link type, the snaplen and the kernel's extensions.
    ///
    /// - Throws: libpcap's message.
    func compile(_ expression: ByteString) throws(Failure) -> BPFProgram {
        try unsafe BPFProgram(compiling: expression, netmask: netmask, for: handle)
    }

    /// The network mask of the interface's IPv4 address. PCAP_NETMASK_UNKNOWN if the interface has none, and for `any`.
    ///
    /// The corresponding C function is `pcap_lookupnet`, which opens and closes a socket.
    private var netmask: UInt32 {
        var (network, mask): (UInt32, UInt32) = (0, 0)
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let status = unsafe interface.name.withCString { unsafe pcap_lookupnet($0, &network, &mask, &message) }
        return status == 0 && mask != 0 ? UInt32(bigEndian: mask) : PCAP_NETMASK_UNKNOWN
    }

    /// Attaches a program to the packet socket for the rest of the capture.
    ///
    /// The attached program differs from `program`: libpcap adapts offsets on `any`, where the kernel has no link-layer
    /// header, and the agent rejects packets that `lo` shows twice. libpcap's own program accepts everything. Otherwise
    /// libpcap would run its program on the ring's first blocks, in case they were filled before (pcap-linux.c,
    /// blocks_to_filter_in_userland), and on packets that the kernel has truncated.
    ///
    /// - Throws: The kernel's reason why it does not run the program.
    func attach(_ program: BPFProgram) throws(BPFProgram.Refusal) {
        // libpcap does not report the kernel's refusal: it writes to standard error and runs the program itself.
        try rejectingDuplicates(program).requireAcceptance()
        try setInLibpcap(program)
        guard let adapted = socket.attachedProgram else { throw .needsFileHeader }
        // The kernel would count the memory of the old program together with that of the new one.
        socket.detachProgram()
        try setInLibpcap(.acceptingAll)
        do throws(SystemError) {
            try rejectingDuplicates(adapted).attach(to: socket.descriptor)
            try socket.lockProgram()
        } catch {
            throw .failed(error.description)
        }
    }

    /// Returns the program with the rule that shows each packet of `lo` once.
    private func rejectingDuplicates(_ program: BPFProgram) -> BPFProgram {
        interface.showsPacketsTwice ? program.rejectingSentOnLoopback() : program
    }

    /// Has libpcap adapt a program to the socket and attach it.
    ///
    /// The corresponding C function is `pcap_setfilter`.
    private func setInLibpcap(_ program: BPFProgram) throws(BPFProgram.Refusal) {
        var instructions = program.instructions.map { bpf_insn(code: $0.code, jt: $0.jt, jf: $0.jf, k: $0.k) }
        // pcap_setfilter(3PCAP) copies the instructions.
        let status = unsafe instructions.withUnsafeMutableBufferPointer { instructions in
            var program = unsafe bpf_program(bf_len: UInt32(instructions.count), bf_insns: instructions.baseAddress)
            return unsafe pcap_setfilter(handle, &program)
        }
        guard status == 0 else { throw .failed(failure.description) }
    }

    // MARK: Starting

    /// Begins to receive packets. A program must be attached.
    ///
    /// - Throws: The system's reason, such as an interface that is down.
    public func start() throws(Failure) {
        // On `lo`, the kernel need not run the program for sent packets. The program rejects them on kernels before
        // 4.20, which do not know the option, and on `any`, where the packets that other interfaces send are captured.
        if interface.isLoopback { socket.ignoreSentPackets() }
        do throws(SystemError) {
            try socket.receive(from: interface.index)
        } catch {
            throw Self.openFailure(interface, error.description)
        }
    }

    /// The error of libpcap's last failed call.
    ///
    /// The corresponding C function is `pcap_geterr`.
    private var failure: Failure { Failure("\(interface.name): \(unsafe ByteString(cString: pcap_geterr(handle)))") }
}

// MARK: The source of packets

extension Capture: PacketSource {
    /// The interface's name.
    var name: ByteString { interface.name }

    var descriptor: Int32 { socket.descriptor }

    /// Whether libpcap asks to be called from time to time, because the interface is down.
    ///
    /// The corresponding C function is `pcap_get_required_select_timeout`.
    var isInterfaceDown: Bool { unsafe pcap_get_required_select_timeout(handle) != nil }

    /// The number of bytes to keep of each packet.
    ///
    /// The corresponding C function is `pcap_snapshot`.
    var snaplen: Int { Int(unsafe pcap_snapshot(handle)) }

    /// Returns the header of a capture file.
    ///
    /// libpcap writes the header, because no function of libpcap returns the number of a link type in files.
    ///
    /// - Throws: libpcap's reason.
    ///
    /// The corresponding C function is `pcap_dump_fopen`.
    func fileHeader() throws(Failure) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: PcapFormat.fileHeaderSize)
        // The stream writes to the array no more than its size, and is closed before the array moves.
        let isWritten = unsafe header.withUnsafeMutableBytes { header in
            guard let file = unsafe fmemopen(header.baseAddress, header.count, "w"),
                let dumper = unsafe pcap_dump_fopen(handle, file)
            else { return false }
            unsafe pcap_dump_close(dumper)
            return true
        }
        guard isWritten else { throw failure }
        return header
    }

    /// Adds packets from the ring to a queue.
    ///
    /// The corresponding C function is `pcap_dispatch`.
    func read(into queue: inout RecordQueue) throws(Failure) -> Bool {
        switch unsafe ReadContext.dispatch(handle, into: &queue) {
        case 0...: return true
        case PCAP_ERROR_BREAK: return false
        default: throw failure
        }
    }

    /// Returns the kernel's counts.
    ///
    /// The corresponding C function is `pcap_stats`.
    mutating func statistics() -> (received: UInt64, dropped: UInt64) {
        var statistics = pcap_stat()
        if unsafe pcap_stats(handle, &statistics) == 0 {
            received.advance(to: statistics.ps_recv)
            dropped.advance(to: statistics.ps_drop)
        }
        return (received.total, dropped.total)
    }
}
