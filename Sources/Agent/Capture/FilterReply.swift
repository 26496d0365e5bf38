import CLinux
import CPcap

/// What the child tells: a tag, the length of what follows in four bytes, and the program's instructions or a message.
enum FilterReply {
    case program(Filter)
    case rejection(ByteString)

    private static let programTag = UInt8(ascii: "P")
    private static let rejectionTag = UInt8(ascii: "R")
    private static let headerSize = 5
    /// More than libpcap's largest program takes.
    private static let largestContent = 16 << 20

    var bytes: [UInt8] {
        let (tag, content): (UInt8, [UInt8]) =
            switch self {
            // bpf_insn is eight bytes of integers without gaps.
            case .program(let filter):
                (Self.programTag, unsafe filter.instructions.withUnsafeBytes { unsafe [UInt8]($0) })
            case .rejection(let message): (Self.rejectionTag, message.bytes)
            }
        return [tag] + (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) } + content
    }

    /// How many bytes at least are to come behind `bytes` until the reply is whole; 0 where it is, or is none.
    static func missing(behind bytes: [UInt8]) -> Int {
        guard bytes.count >= headerSize else { return headerSize - bytes.count }
        let length = contentLength(bytes)
        return length > largestContent ? 0 : max(headerSize + length - bytes.count, 0)
    }

    private static func contentLength(_ bytes: [UInt8]) -> Int {
        (1..<headerSize).reduce(0) { $0 | Int(bytes[$1]) << (8 * ($1 - 1)) }
    }

    /// Nil where `bytes` are not exactly one whole reply, or hold a program with unknown instructions or, unless
    /// `allowingLoops`, with jumps backwards.
    init?(_ bytes: [UInt8], allowingLoops: Bool = false) {
        guard bytes.count >= Self.headerSize, Self.contentLength(bytes) == bytes.count - Self.headerSize else {
            return nil
        }
        let content = bytes.dropFirst(Self.headerSize)
        switch bytes[0] {
        case Self.rejectionTag:
            self = .rejection(ByteString(content))
        case Self.programTag where content.count % MemoryLayout<bpf_insn>.stride == 0:
            let count = content.count / MemoryLayout<bpf_insn>.stride
            var instructions = [bpf_insn](repeating: bpf_insn(), count: count)
            // Any eight bytes make a bpf_insn.
            unsafe instructions.withUnsafeMutableBytes { unsafe $0.copyBytes(from: content) }
            let filter = Filter(instructions: instructions)
            guard filter.isValid(allowingLoops: allowingLoops) else { return nil }
            self = .program(filter)
        default:
            return nil
        }
    }
}
