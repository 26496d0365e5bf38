import CLinux
import CPcap

/// A live capture through libpcap's memory-mapped ring (TPACKET_V3, packet_mmap in the kernel's documentation).
@safe public struct Capture: ~Copyable {
    /// The ring's size in bytes. A larger one takes longer to set up, and each packet longer to copy, as its memory is in
    /// no cache any more when its turn comes again; a smaller one loses packets while a reader stalls for half a second.
    static let ringSize: Int32 = 20 << 20
    /// Milliseconds after which the kernel hands over a block of the ring that is not full: how long a packet may wait
    /// while there are few. The ring has 80 blocks, so that a reader may stall 80 times as long when there are more.
    static let blockTimeout: Int32 = 7

    /// What it captures on.
    public let interface: Interface
    /// The packet socket.
    let descriptor: Int32
    let handle: OpaquePointer

    private var filtering = Filter.Place.kernel
    /// Nil where libpcap has to read it.
    private var ring: Ring?
    private var mustCheckInterface = false
    private var isDown = false
    private var received = WrappingCounter()
    private var dropped = WrappingCounter()

    private init(interface: Interface, descriptor: Int32, handle: OpaquePointer) {
        self.interface = interface
        self.descriptor = descriptor
        unsafe self.handle = handle
    }

    /// Opens a capture that takes no packet yet. Needs CAP_NET_RAW; nothing later does.
    ///
    /// The corresponding C functions are `pcap_create` and `pcap_activate`.
    public static func open(_ interface: Interface, snaplen: Int, log: Log) throws(SetupFailure) -> Capture {
        let handle = try unsafe create(interface)
        unsafe pcap_set_snaplen(handle, Int32(snaplen))
        unsafe pcap_set_promisc(handle, 0)
        unsafe pcap_set_buffer_size(handle, ringSize)
        unsafe pcap_set_timeout(handle, blockTimeout)
        unsafe pcap_set_protocol_linux(handle, CF_PCAP_NO_PROTOCOL)

        let status = unsafe pcap_activate(handle)
        guard status >= 0 else { throw unsafe failure(of: handle, status: status, interface) }
        if status > 0 { log.warn("libpcap warns") { unsafe $0.add("warning", explanation(of: status, handle)) } }
        if interface.name == Interface.any { unsafe pcap_set_datalink(handle, DLT_LINUX_SLL2) }
        guard unsafe pcap_setnonblock(handle, 1, nil) == 0 else {
            throw unsafe failure(of: handle, status: PCAP_ERROR, interface)
        }
        return unsafe Capture(interface: interface, descriptor: pcap_fileno(handle), handle: handle)
    }

    private static func create(_ interface: Interface) throws(SetupFailure) -> OpaquePointer {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let created = unsafe interface.name.withCString { name in
            unsafe message.withUnsafeMutableBufferPointer { unsafe pcap_create(name, $0.baseAddress) }
        }
        guard let handle = unsafe created else {
            let reason = unsafe message.withUnsafeBufferPointer { unsafe ByteString(cString: $0.baseAddress!) }
            throw SetupFailure("failed to open device \(interface.name): \(reason)")
        }
        return unsafe handle
    }

    /// The header of a file of its packets: snaplen, and the link type by its number in files, which is not always that
    /// of pcap_datalink(3PCAP). The corresponding C function is `pcap_dump_fopen`.
    func fileHeader() throws(SetupFailure) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: PcapFormat.fileHeaderSize)
        let status = unsafe header.withUnsafeMutableBufferPointer { header in
            unsafe cf_pcap_file_header(handle, header.baseAddress)
        }
        guard status == 0 else {
            throw SetupFailure("\(interface.name): \(unsafe ByteString(cString: pcap_geterr(handle)))")
        }
        return header
    }

    /// Bytes kept of each packet. The corresponding C function is `pcap_snapshot`.
    var snaplen: Int { Int(unsafe pcap_snapshot(handle)) }

    /// Sets the filter for good and begins to take packets that match it.
    ///
    /// The corresponding C functions are `pcap_setfilter` and `bind`.
    public mutating func start(_ filter: Filter, log: Log) throws(SetupFailure) {
        filtering = try unsafe filter.install(in: handle, log: log)
        if filtering == .libpcap { unsafe cf_pcap_leave_loop_on_signals(handle) }
        guard cf_pcap_lock_filter(descriptor) == 0 else {
            throw SetupFailure("failed to lock the filter: \(SystemError.last.description)")
        }
        if filtering == .kernel {
            unsafe ring = Ring.find(of: descriptor, linkType: pcap_datalink(handle), snaplen: snaplen)
        }
        if unsafe ring == nil { log.debug("libpcap reads the ring") }
        // A kernel that cannot ignore them has the filter reject them.
        if interface.isLoopback { cf_pcap_ignore_outgoing(descriptor) }
        let error = SystemError(number: cf_pcap_bind_to_all_protocols(descriptor, interface.index))
        guard error.number == 0 else {
            throw SetupFailure("failed to open device \(interface.name): \(error.description)")
        }
    }

    /// How a look into the ring ended.
    enum Drained {
        case left
        case empty
        /// Empty for a moment: the last block was full of large packets, more of which are likely on their way.
        case emptyInBurst
    }

    /// Whether what the kernel counts is what ``drain(into:)`` hands over.
    var isCountExact: Bool { filtering == .kernel }

    /// Hands the packets in the ring to `sink` until there is none left, the sink is full, or it has been long enough.
    /// Throws when the interface is gone, and all its packets have been handed over.
    mutating func drain(into sink: UnsafeMutablePointer<RecordSink>) throws(CaptureFailure) -> Drained {
        guard let drained = unsafe ring?.drain(into: sink) else { return try unsafe dispatch(into: sink) }
        if drained != .left && (mustCheckInterface || isDown) { try checkInterface() }
        return drained
    }

    /// The corresponding C function is `pcap_dispatch`.
    private func dispatch(into sink: UnsafeMutablePointer<RecordSink>) throws(CaptureFailure) -> Drained {
        let user = unsafe UnsafeMutableRawPointer(sink).assumingMemoryBound(to: UInt8.self)
        if filtering == .libpcap { cf_pcap_hold_signals(false) }
        defer { if filtering == .libpcap { cf_pcap_hold_signals(true) } }
        switch unsafe pcap_dispatch(handle, -1, RecordSink.add, user) {
        case 0...: return .empty
        case PCAP_ERROR_BREAK: return .left
        default: throw CaptureFailure("\(interface.name): \(unsafe ByteString(cString: pcap_geterr(handle)))")
        }
    }

    // MARK: The interface

    /// Notes that a wait found an error on the packet socket: something has become of the interface.
    mutating func noteError() {
        mustCheckInterface = true
    }

    /// Whether the interface is down, so that it must be looked at from time to time to learn what becomes of it.
    /// The corresponding C function is `pcap_get_required_select_timeout`.
    var isInterfaceDown: Bool { unsafe isDown || pcap_get_required_select_timeout(handle) != nil }

    private mutating func checkInterface() throws(CaptureFailure) {
        mustCheckInterface = false
        switch unsafe cf_pcap_check_interface(descriptor, &isDown) {
        case 0: return
        case ENODEV: throw CaptureFailure("\(interface.name): the interface is gone")
        case let error: throw CaptureFailure("\(interface.name): \(SystemError(number: error).description)")
        }
    }

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

    private static func failure(of handle: OpaquePointer, status: Int32, _ interface: Interface) -> SetupFailure {
        SetupFailure("failed to open device \(interface.name): \(unsafe explanation(of: status, handle))")
    }

    /// The status in words, and what the handle has to add. The corresponding C functions are `pcap_statustostr` and
    /// `pcap_geterr`.
    private static func explanation(of status: Int32, _ handle: OpaquePointer) -> ByteString {
        let detail = unsafe ByteString(cString: pcap_geterr(handle))
        if status == PCAP_ERROR || status == PCAP_WARNING { return detail }
        let general = unsafe ByteString(cString: pcap_statustostr(status))
        return detail.isEmpty ? general : "\(general) (\(detail))"
    }
}
