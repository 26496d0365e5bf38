import CLinux

/// The reply of the child process that compiles a filter.
///
/// The bytes of a reply are a tag, the length of the content as four bytes (the lowest first), and the content: the
/// instructions of a program, or a message.
enum FilterReply {
    /// The compiled program. The kernel has not checked it.
    case program(BPFProgram)
    /// The reason, in words, why the filter is refused.
    case rejection(ByteString)

    private static let programTag = UInt8(ascii: "P")
    private static let rejectionTag = UInt8(ascii: "R")
    /// The size of the tag and the length in bytes.
    private static let headerSize = 5
    /// The largest content in bytes. It bounds the memory of the parent if code in the child misbehaves. It allows a
    /// program of 131,072 instructions, so that the error for a program that is too long can give their number.
    private static let largestContent = 1 << 20

    /// The bytes of the reply.
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

    /// Returns the least number of bytes that must follow `bytes` to make a reply. Returns 0 if the reply is complete
    /// or too long.
    static func missing(behind bytes: [UInt8]) -> Int {
        guard bytes.count >= headerSize else { return headerSize - bytes.count }
        let length = contentLength(bytes)
        return length > largestContent ? 0 : max(headerSize + length - bytes.count, 0)
    }

    /// Returns the length in the header.
    private static func contentLength(_ bytes: [UInt8]) -> Int {
        (1..<headerSize).reduce(0) { $0 | Int(bytes[$1]) << (8 * ($1 - 1)) }
    }

    /// Parses the bytes of a whole reply. Returns nil if they have another form.
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
