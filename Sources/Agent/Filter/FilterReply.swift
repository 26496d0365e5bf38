import CLinux

/// The compiling process's reply: a tag, the length of the rest in four bytes (lowest first), and the program's instructions
/// or a message.
enum FilterReply {
    /// A program. Nothing in it is checked: the kernel accepts it or not.
    case program(BPFProgram)
    /// The reason why there is none.
    case rejection(ByteString)

    private static let programTag = UInt8(ascii: "P")
    private static let rejectionTag = UInt8(ascii: "R")
    private static let headerSize = 5
    /// The number of bytes that a reply has at most after its header. An argument of a process holds 128 kB, in which no
    /// expression of more than 131,072 instructions fits.
    private static let largestContent = 1 << 20

    /// The reply's bytes, as ``init(_:)`` reads them.
    var bytes: [UInt8] {
        let (tag, content): (UInt8, [UInt8]) =
            switch self {
            // A sock_filter is eight bytes of integers without gaps.
            case .program(let program):
                (Self.programTag, unsafe program.instructions.withUnsafeBytes { unsafe [UInt8]($0) })
            case .rejection(let message): (Self.rejectionTag, message.bytes)
            }
        return [tag] + (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) } + content
    }

    /// Returns the number of bytes that must at least follow `bytes` until the reply is complete; 0 if it is complete, or
    /// cannot become a reply.
    static func missing(behind bytes: [UInt8]) -> Int {
        guard bytes.count >= headerSize else { return headerSize - bytes.count }
        let length = contentLength(bytes)
        return length > largestContent ? 0 : max(headerSize + length - bytes.count, 0)
    }

    private static func contentLength(_ bytes: [UInt8]) -> Int {
        (1..<headerSize).reduce(0) { $0 | Int(bytes[$1]) << (8 * ($1 - 1)) }
    }

    /// Reads exactly one whole reply; nil if `bytes` are anything else.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.headerSize, Self.contentLength(bytes) == bytes.count - Self.headerSize else {
            return nil
        }
        let content = bytes.dropFirst(Self.headerSize)
        switch bytes[0] {
        case Self.rejectionTag:
            self = .rejection(ByteString(content))
        case Self.programTag where content.count % MemoryLayout<sock_filter>.stride == 0:
            let count = content.count / MemoryLayout<sock_filter>.stride
            var instructions = [sock_filter](repeating: sock_filter(), count: count)
            // Any eight bytes make a sock_filter.
            unsafe instructions.withUnsafeMutableBytes { unsafe $0.copyBytes(from: content) }
            self = .program(BPFProgram(instructions: instructions))
        default:
            return nil
        }
    }
}
