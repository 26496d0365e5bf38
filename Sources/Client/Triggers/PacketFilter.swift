internal import CPcap
internal import Synchronization

/// An expression of pcap-filter(7), compiled by libpcap for one link type.
///
/// The program is not changed after it was compiled, so that several threads may match with it.
@safe final class PacketFilter: @unchecked Sendable {
    private var program = unsafe bpf_program()

    /// The lock of libpcap's parser, which keeps global state before 1.8.
    private static let compiler = Mutex(())

    /// Compiles an expression for a link type of a capture file (`LINKTYPE_…`, pcap-linktype(7)). Blocks while this machine
    /// resolves names in it.
    ///
    /// Throws PacketFilterError if libpcap refuses the expression. The corresponding C function is `pcap_compile`.
    init(_ expression: String, linkType: UInt16) throws(PacketFilterError) {
        // libpcap reads a C string.
        guard !expression.utf8.contains(0) else { throw PacketFilterError(description: "it holds a zero byte") }
        let problem = Self.compiler.withLock { _ -> String? in
            guard let handle = unsafe pcap_open_dead(Self.dataLink(of: linkType), Int32(RecordHeader.longestPacket))
            else { return "libpcap has no memory" }
            defer { unsafe pcap_close(handle) }
            let netmask: bpf_u_int32 = 0xFFFF_FFFF  // PCAP_NETMASK_UNKNOWN, which is a cast in C
            guard unsafe pcap_compile(handle, &program, expression, 1, netmask) == 0 else {
                return unsafe String(cString: pcap_geterr(handle))
            }
            return nil
        }
        if let problem { throw PacketFilterError(description: problem) }
    }

    deinit {
        unsafe pcap_freecode(&program)
    }

    /// Returns whether the filter selects a packet, of which `packet` is what was kept and `original` the length on the wire,
    /// in bytes. The corresponding C function is `pcap_offline_filter`.
    func matches(_ packet: UnsafeRawBufferPointer, original: UInt32) -> Bool {
        guard let bytes = packet.baseAddress else { return false }
        var header = pcap_pkthdr()
        header.caplen = UInt32(packet.count)
        header.len = original
        // libpcap reads no more than `caplen` bytes, and leaves the program as it is.
        return unsafe withUnsafePointer(to: program) { program in
            unsafe pcap_offline_filter(program, &header, bytes.assumingMemoryBound(to: UInt8.self)) != 0
        }
    }

    /// The bytes at the start of a packet that the program may load (bpf(4)). Where a place depends on the length of the
    /// IPv4 header, that counts as the shortest there is.
    var inspectedLength: Int {
        let instructions = unsafe UnsafeBufferPointer(start: program.bf_insns, count: Int(program.bf_len))
        return unsafe instructions.map { Self.length(loadedBy: $0) }.max() ?? 0
    }

    /// The shortest header of IPv4, in bytes (RFC 791, 3.1).
    private static let shortestHeader = 20

    private static func length(loadedBy instruction: bpf_insn) -> Int {
        let code = Int32(instruction.code)
        guard [BPF_LD, BPF_LDX].contains(code & 0x07) else { return 0 }
        let size = [BPF_H: 2, BPF_B: 1][code & 0x18] ?? 4
        return switch code & 0xE0 {
        case BPF_ABS: Int(instruction.k) + size
        case BPF_IND: Int(instruction.k) + size + shortestHeader
        case BPF_MSH: Int(instruction.k) + 1
        default: 0
        }
    }

    /// Returns the number by which libpcap knows a file's link type (`DLT_…`). The two differ for raw IP alone among
    /// ``LinkType/names``: its DLT is 14 on OpenBSD and 12 elsewhere (pcap-common.c).
    private static func dataLink(of linkType: UInt16) -> Int32 {
        LinkType.isRawIP(linkType) ? DLT_RAW : Int32(linkType)
    }
}

/// An expression that libpcap does not compile, in libpcap's words.
struct PacketFilterError: Error, Equatable, CustomStringConvertible {
    let description: String
}
