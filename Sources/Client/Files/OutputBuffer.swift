/// Bytes on their way to the output: a memory of fixed size that is filled, written and filled again.
struct OutputBuffer {
    /// The bytes; those from ``count`` on are without meaning.
    private(set) var bytes: [UInt8]
    /// How many bytes there are.
    private(set) var count = 0

    init(capacity: Int) {
        bytes = Array(repeating: 0, count: capacity)
    }

    /// How many bytes more there is room for.
    var room: Int { bytes.count - count }

    /// Hands out the room; `body` fills it from its start and says how much of it.
    mutating func fill(_ body: (UnsafeMutableRawBufferPointer) -> Int) {
        count += unsafe bytes.withUnsafeMutableBytes {
            unsafe body(UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
        }
    }

    /// Adds bytes; the memory grows if it must.
    mutating func append(_ more: [UInt8]) {
        let end = count + more.count
        if end > bytes.count { bytes.append(contentsOf: repeatElement(0, count: end - bytes.count)) }
        bytes.replaceSubrange(count..<end, with: more)
        count = end
    }

    mutating func removeAll() {
        count = 0
    }
}
