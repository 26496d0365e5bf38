import CPcap

/// An expression of pcap-filter(7), compiled by libpcap for one link type.
@safe final class PacketFilter {
    /// A link type and how a test's packets look there.
    enum Link: CaseIterable {
        case ethernet, linuxCooked2

        func frame(of packet: SamplePacket) -> [UInt8] {
            switch self {
            case .ethernet: packet.ethernet
            case .linuxCooked2: packet.linuxCooked2
            }
        }

        fileprivate var number: Int32 {
            switch self {
            case .ethernet: DLT_EN10MB
            case .linuxCooked2: DLT_LINUX_SLL2
            }
        }
    }

    /// An expression that libpcap does not compile, in libpcap's words.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private var program = unsafe bpf_program()
    private let link: Link

    /// Compiles an expression. The corresponding C function is `pcap_compile`.
    init(_ expression: String, _ link: Link) throws {
        self.link = link
        guard let handle = unsafe pcap_open_dead(link.number, 262_144) else { throw Failure(description: "no memory") }
        defer { unsafe pcap_close(handle) }
        let netmask: bpf_u_int32 = 0xFFFF_FFFF  // PCAP_NETMASK_UNKNOWN, which is a cast in C
        guard unsafe pcap_compile(handle, &program, expression, 1, netmask) == 0 else {
            throw Failure(description: unsafe String(cString: pcap_geterr(handle)))
        }
    }

    deinit {
        unsafe pcap_freecode(&program)
    }

    /// Whether the filter selects a packet. The corresponding C function is `pcap_offline_filter`.
    func matches(_ packet: SamplePacket) -> Bool {
        let frame = link.frame(of: packet)
        var header = pcap_pkthdr()
        header.caplen = UInt32(frame.count)
        header.len = UInt32(frame.count)
        return unsafe pcap_offline_filter(&program, &header, frame) != 0
    }
}
