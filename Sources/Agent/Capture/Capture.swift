import CLinux
import CPcap

/// A live capture through libpcap's memory-mapped ring (TPACKET_V3, packet_mmap in the kernel's documentation).
@safe public struct Capture: ~Copyable {
    /// The ring's size in bytes: 80 blocks, as libpcap makes them.
    static let ringSize: Int32 = 20 << 20
    /// After this time the kernel retires a block of the ring that is not full. It is the longest that a packet waits, and
    /// the interval of wake-ups, while packets are few. The 80 blocks hold 80 times as much time then (3.8 s).
    static let blockTimeout = Duration.milliseconds(48)

    /// What it captures on.
    public let interface: Interface
    /// The packet socket.
    let descriptor: Int32
    let handle: OpaquePointer

    private var filtering = Filter.Place.kernel
    private var received = WrappingCounter()
    private var dropped = WrappingCounter()

    private init(interface: Interface, descriptor: Int32, handle: OpaquePointer) {
        self.interface = interface
        self.descriptor = descriptor
        unsafe self.handle = handle
    }

    /// Opens a capture that takes no packet yet. Needs CAP_NET_RAW; nothing later does. From here on the process cannot
    /// make the calls that `cf_pcap_disarm` forbids. Throws libpcap's reason, or the system's.
    /// The corresponding C functions are `pcap_create` and `pcap_activate`.
    public static func open(_ interface: Interface, snaplen: Int, log: Log) throws(Failure) -> Capture {
        let handle = try unsafe create(interface)
        unsafe pcap_set_snaplen(handle, Int32(snaplen))
        unsafe pcap_set_promisc(handle, 0)
        unsafe pcap_set_buffer_size(handle, ringSize)
        unsafe pcap_set_timeout(handle, blockTimeout.milliseconds)
        unsafe pcap_set_protocol_linux(handle, CF_PCAP_NO_PROTOCOL)

        // The socket takes the lowest number that is free (socket(2)); nothing can be sent on that, even as it is opened.
        let number = dup(STDERR_FILENO)
        guard number >= 0, close(number) == 0, cf_pcap_disarm(number) == 0 else {
            throw Failure("failed to forbid sending on the packet socket: \(SystemError.last.description)")
        }
        let status = unsafe pcap_activate(handle)
        guard status >= 0 else { throw unsafe failure(of: handle, status: status, interface) }
        if status > 0 { log.warn("libpcap warns") { unsafe $0.add("warning", explanation(of: status, handle)) } }
        if interface.name == Interface.any { unsafe pcap_set_datalink(handle, DLT_LINUX_SLL2) }
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard unsafe pcap_setnonblock(handle, 1, &message) == 0 else {
            throw Failure("failed to open device \(interface.name): \(unsafe ByteString(cString: message))")
        }
        guard unsafe pcap_fileno(handle) == number else {
            throw Failure("failed to forbid sending on the packet socket: it is not descriptor \(number)")
        }
        return unsafe Capture(interface: interface, descriptor: number, handle: handle)
    }

    private static func create(_ interface: Interface) throws(Failure) -> OpaquePointer {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let created = unsafe interface.name.withCString { unsafe pcap_create($0, &message) }
        guard let handle = unsafe created else {
            throw Failure("failed to open device \(interface.name): \(unsafe ByteString(cString: message))")
        }
        return unsafe handle
    }

    /// The header of a file of its packets: snaplen, and the link type by its number in files, which is not always that
    /// of pcap_datalink(3PCAP). The corresponding C function is `pcap_dump_fopen`.
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

    /// Bytes kept of each packet. The corresponding C function is `pcap_snapshot`.
    var snaplen: Int { Int(unsafe pcap_snapshot(handle)) }

    /// Sets the filter for good and begins to take packets that match it.
    /// The corresponding C functions are `pcap_setfilter` and `bind`.
    public mutating func start(_ filter: Filter, log: Log) throws(Failure) {
        filtering = try unsafe filter.install(in: handle, log: log)
        if filtering == .libpcap, unsafe cf_pcap_leave_loop_at_times(handle) != 0 {
            throw Failure("failed to set a timer: \(SystemError.last.description)")
        }
        guard setOption(SOL_SOCKET, SO_LOCK_FILTER) else {
            throw Failure("failed to lock the filter: \(SystemError.last.description)")
        }
        // The filter rejects them, too, for kernels that cannot ignore them (before Linux 4.20).
        if interface.isLoopback { _ = setOption(SOL_PACKET, PACKET_IGNORE_OUTGOING) }
        let error = SystemError(number: bind() ? pendingError : SystemError.last.number)
        guard error.number == 0 else {
            throw Failure("failed to open device \(interface.name): \(error.description)")
        }
    }

    /// Switches an option on. The corresponding C function is `setsockopt`.
    private func setOption(_ level: Int32, _ name: Int32) -> Bool {
        var on: Int32 = 1
        return unsafe setsockopt(descriptor, level, name, &on, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// ENETDOWN where the interface is down. The corresponding C function is `getsockopt` with SO_ERROR.
    private var pendingError: Int32 {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : SystemError.last.number
    }

    /// Takes packets of all protocols from here on (packet(7)). The corresponding C function is `bind`.
    private func bind() -> Bool {
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = UInt16(ETH_P_ALL).bigEndian
        address.sll_ifindex = interface.index
        let size = socklen_t(MemoryLayout<sockaddr_ll>.size)
        return unsafe withUnsafeMutableBytes(of: &address) { address in
            // bind(2) reads as much of the address as the size says.
            let general = unsafe address.assumingMemoryBound(to: sockaddr.self).baseAddress
            return unsafe CLinux.bind(descriptor, __CONST_SOCKADDR_ARG(__sockaddr__: general), size) == 0
        }
    }

    /// Whether what the kernel counts is what libpcap hands over.
    var isCountExact: Bool { filtering == .kernel }

    /// What libpcap says of its last failure. The corresponding C function is `pcap_geterr`.
    var failure: Failure { Failure("\(interface.name): \(unsafe ByteString(cString: pcap_geterr(handle)))") }

    /// Whether the interface is down, so that the ring must be looked into from time to time to learn what becomes of it.
    /// The corresponding C function is `pcap_get_required_select_timeout`.
    var isInterfaceDown: Bool { unsafe pcap_get_required_select_timeout(handle) != nil }

    /// What the kernel did since the start: packets that matched the filter, and those of them for which the ring had no
    /// room. The corresponding C function is `pcap_stats`.
    mutating func statistics() -> (received: UInt64, dropped: UInt64) {
        var statistics = pcap_stat()
        if unsafe pcap_stats(handle, &statistics) == 0 {
            received.advance(to: statistics.ps_recv)
            dropped.advance(to: statistics.ps_drop)
        }
        return (received.total, dropped.total)
    }

    private static func failure(of handle: OpaquePointer, status: Int32, _ interface: Interface) -> Failure {
        Failure("failed to open device \(interface.name): \(unsafe explanation(of: status, handle))")
    }

    /// The status in words, and what the handle has to add. The C functions are `pcap_statustostr` and `pcap_geterr`.
    private static func explanation(of status: Int32, _ handle: OpaquePointer) -> ByteString {
        let detail = unsafe ByteString(cString: pcap_geterr(handle))
        if status == PCAP_ERROR || status == PCAP_WARNING { return detail }
        let general = unsafe ByteString(cString: pcap_statustostr(status))
        return detail.isEmpty ? general : "\(general) (\(detail))"
    }
}
