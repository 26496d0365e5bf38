import CLinux
import CPcap

/// What the child tells: a tag, the program's instructions or a message, and a mark that this is all.
enum FilterReply {
    case program(Filter)
    case rejection(ByteString)

    private static let programTag = UInt8(ascii: "P")
    private static let rejectionTag = UInt8(ascii: "R")
    private static let endMark = UInt8(ascii: ".")

    var bytes: [UInt8] {
        switch self {
        case .program(let filter):
            // bpf_insn is eight bytes of integers without gaps.
            let instructions = unsafe filter.instructions.withUnsafeBytes { unsafe [UInt8]($0) }
            return [Self.programTag] + instructions + [Self.endMark]
        case .rejection(let message):
            return [Self.rejectionTag] + message.bytes + [Self.endMark]
        }
    }

    /// Nil where `bytes` are no reply, or not all of one.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 2, bytes.last == Self.endMark else { return nil }
        let content = bytes.dropFirst().dropLast()
        switch bytes.first {
        case Self.rejectionTag:
            self = .rejection(ByteString(content))
        case Self.programTag where content.count % MemoryLayout<bpf_insn>.stride == 0:
            let count = content.count / MemoryLayout<bpf_insn>.stride
            var instructions = [bpf_insn](repeating: bpf_insn(), count: count)
            // Any eight bytes make a bpf_insn. pcap_setfilter(3PCAP) checks the program.
            unsafe instructions.withUnsafeMutableBytes { unsafe $0.copyBytes(from: content) }
            self = .program(Filter(instructions: instructions))
        default:
            return nil
        }
    }
}
