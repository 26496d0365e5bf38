import CLinux

/// The reply of the compiling process. Its bytes are a tag, the length of the content in four bytes (lowest first), and the
/// content: the program's instructions or a message.
enum FilterReply {
    /// A program. Only the kernel checks it.
    case program(BPFProgram)
    /// The reason why there is no program.
    case rejection(ByteString)

    private static let programTag = UInt8(ascii: "P")
    private static let rejectionTag = UInt8(ascii: "R")
    private static let headerSize = 5
    /// The largest number of bytes after the header. An argument of a process has at most 128 kB, in which no expression of
    /// more than 131,072 instructions fits.
    private static let largestContent = 1 << 20

    /// The encoded reply, which ``init(_:)`` decodes.
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

    /// Returns the least number of bytes that are missing after `bytes`; 0 if the reply is complete, or cannot become one.
    static func missing(behind bytes: [UInt8]) -> Int {
        guard bytes.count >= headerSize else { return headerSize - bytes.count }
        let length = contentLength(bytes)
        return length > largestContent ? 0 : max(headerSize + length - bytes.count, 0)
    }

    private static func contentLength(_ bytes: [UInt8]) -> Int {
        (1..<headerSize).reduce(0) { $0 | Int(bytes[$1]) << (8 * ($1 - 1)) }
    }

    /// Parses one whole reply; nil if `bytes` are anything else.
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
