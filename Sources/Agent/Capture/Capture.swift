import CLinux
import CPcap

/// A live capture through libpcap's memory-mapped ring (TPACKET_V3, packet_mmap in the kernel's documentation).
@safe public struct Capture: ~Copyable {
    /// The size of the ring in bytes. libpcap divides it into 80 blocks.
    static let ringSize: Int32 = 20 << 20
    /// The time after which the kernel retires a block of the ring that is not full. While packets are few, it is the
    /// longest time that a packet waits, the interval of wake-ups, and one eightieth of the time that the ring holds.
    static let blockTimeout = Duration.milliseconds(48)

    /// The interface.
    public let interface: Interface
    private let handle: OpaquePointer
    private let socket: PacketSocket

    private var received = WrappingCounter()
    private var dropped = WrappingCounter()

    private init(interface: Interface, descriptor: Int32, handle: OpaquePointer) {
        self.interface = interface
        socket = PacketSocket(descriptor: descriptor)
        unsafe self.handle = handle
    }

    // MARK: Opening

    /// Opens a capture that receives no packet yet. Needs CAP_NET_RAW, which nothing needs later. From here on the process
    /// cannot make the calls that `cf_pcap_deny_sending` forbids. Throws libpcap's reason, or the system's.
    /// The corresponding C functions are `pcap_create` and `pcap_activate`.
    public static func open(_ interface: Interface, snaplen: Int, log: Log) throws(Failure) -> Capture {
        let handle = try unsafe create(interface, snaplen: snaplen)
        // The socket gets the lowest number that is free (socket(2)). Nothing can be sent on that even as it is opened.
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

    private static func openFailure(_ interface: Interface, _ reason: ByteString) -> Failure {
        Failure("failed to open device \(interface.name): \(reason)")
    }

    /// Returns the meaning of a status of libpcap in words, with the details of the handle. The corresponding C functions
    /// are `pcap_statustostr` and `pcap_geterr`.
    private static func explanation(of status: Int32, _ handle: OpaquePointer) -> ByteString {
        let detail = unsafe ByteString(cString: pcap_geterr(handle))
        if status == PCAP_ERROR || status == PCAP_WARNING { return detail }
        let general = unsafe ByteString(cString: pcap_statustostr(status))
        return detail.isEmpty ? general : "\(general) (\(detail))"
    }

    // MARK: The filter

    /// Compiles an expression of pcap-filter(7) for this capture. Throws libpcap's message. Runs in the child process, which
    /// has closed the packet socket: libpcap keeps all that it needs (link type, snaplen, the kernel's extensions) in its
    /// handle.
    func compile(_ expression: ByteString) throws(Failure) -> BPFProgram {
        try unsafe BPFProgram(compiling: expression, netmask: netmask, for: handle)
    }

    /// The network mask of the interface's IPv4 address; PCAP_NETMASK_UNKNOWN if it has none, and for `any`. The
    /// corresponding C function is `pcap_lookupnet`, which opens a socket of its own for a moment.
    private var netmask: UInt32 {
        var (network, mask): (UInt32, UInt32) = (0, 0)
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let status = unsafe interface.name.withCString { unsafe pcap_lookupnet($0, &network, &mask, &message) }
        return status == 0 && mask != 0 ? UInt32(bigEndian: mask) : PCAP_NETMASK_UNKNOWN
    }

    /// Throws if the kernel does not accept the program together with the agent's own rule. Must be asked before
    /// ``start(_:)``, because libpcap would report it on standard error and apply the program itself.
    func requireAcceptance(of program: BPFProgram) throws(BPFProgram.Refusal) {
        try rejectingDuplicates(program).requireAcceptance()
    }

    /// Returns the program with the rule that shows each packet of `lo` once.
    private func rejectingDuplicates(_ program: BPFProgram) -> BPFProgram {
        interface.showsPacketsTwice ? program.rejectingSentOnLoopback() : program
    }

    /// Attaches the program for the rest of the capture, and begins to receive packets.
    public mutating func start(_ program: BPFProgram) throws(Failure) {
        try attach(program)
        // The attached program rejects them, too, for kernels that cannot ignore them.
        if interface.isLoopback { socket.ignoreSentPackets() }
        do throws(SystemError) {
            try socket.lockProgram()
            try socket.receive(from: interface.index)
        } catch {
            throw Self.openFailure(interface, error.description)
        }
    }

    /// Attaches the program to the packet socket, as libpcap adapts it to a link-layer header that only files have (on
    /// `any`). libpcap itself keeps a program that accepts everything: it would run its own copy on the ring's first blocks,
    /// in case they were filled before (pcap-linux.c, blocks_to_filter_in_userland), and on packets that the kernel has cut.
    private func attach(_ program: BPFProgram) throws(Failure) {
        try setInLibpcap(program)
        guard let adapted = socket.attachedProgram else {
            throw Failure(
                """
                the filter looks at a part of the link-layer header that only files have, such as link[12], and the kernel \
                cannot. Leave that part out, or capture on one interface, such as eth0
                """)
        }
        // The kernel would count the memory of the old program together with that of the new one.
        socket.detachProgram()
        try setInLibpcap(.acceptingAll)
        do throws(SystemError) {
            try rejectingDuplicates(adapted).attach(to: socket.descriptor)
        } catch {
            throw Failure("failed to set the filter: \(error.description)")
        }
    }

    /// The corresponding C function is `pcap_setfilter`.
    private func setInLibpcap(_ program: BPFProgram) throws(Failure) {
        var instructions = program.instructions.map { bpf_insn(code: $0.code, jt: $0.jt, jf: $0.jf, k: $0.k) }
        let status = unsafe instructions.withUnsafeMutableBufferPointer { instructions in
            var program = unsafe bpf_program(bf_len: UInt32(instructions.count), bf_insns: instructions.baseAddress)
            return unsafe pcap_setfilter(handle, &program)
        }
        guard status == 0 else { throw failure }
    }

    /// The error that libpcap reports for its last failed call. The corresponding C function is `pcap_geterr`.
    private var failure: Failure { Failure("\(interface.name): \(unsafe ByteString(cString: pcap_geterr(handle)))") }
}

// MARK: The source of packets

extension Capture: PacketSource {
    var name: ByteString { interface.name }

    var descriptor: Int32 { socket.descriptor }

    /// The corresponding C function is `pcap_get_required_select_timeout`.
    var isInterfaceDown: Bool { unsafe pcap_get_required_select_timeout(handle) != nil }

    /// The corresponding C function is `pcap_snapshot`.
    var snaplen: Int { Int(unsafe pcap_snapshot(handle)) }

    /// Has libpcap write the header, because only libpcap knows the number of a link type in files.
    /// The corresponding C function is `pcap_dump_fopen`.
    func fileHeader() throws(Failure) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: PcapFormat.fileHeaderSize)
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

    /// The corresponding C function is `pcap_dispatch`.
    func read(into queue: inout RecordQueue) throws(Failure) -> Bool {
        switch unsafe ReadContext.dispatch(handle, into: &queue) {
        case 0...: return true
        case PCAP_ERROR_BREAK: return false
        default: throw failure
        }
    }

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
