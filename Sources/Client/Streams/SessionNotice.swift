/// A text that cf writes behind a capture on standard output.
enum SessionNotice {
    /// Returns the number of bytes at the end of `bytes` that are notices.
    ///
    /// Notices follow the capture's last byte at once, be it in the middle of a record.
    static func length(atEndOf bytes: some RandomAccessCollection<UInt8>) -> Int {
        var rest = bytes[...]
        for _ in 0..<most {
            guard let length = lengthOfLast(in: rest) else { break }
            rest = rest.dropLast(length)
        }
        return bytes.count - rest.count
    }

    /// Returns whether bytes may be the first part of notices.
    static func mayBegin(_ bytes: some Collection<UInt8>) -> Bool {
        if bytes.count <= terminated.count { return terminated.starts(with: bytes) }
        return bytes.starts(with: terminated) && bytes.count <= longest + failed.count
    }

    /// A session writes two at most. Where more seem to stand, they are a packet's.
    private static let most = 4

    private static let failed = Array("FAILED\n".utf8)
    private static let terminated = Array("Process terminated by signal: ".utf8)
    /// `Process terminated by signal: KILL. Exited with 137` is the longest form met; a signal's number is shorter.
    private static let longest = 80

    private static func lengthOfLast(in bytes: some RandomAccessCollection<UInt8>) -> Int? {
        guard bytes.last == UInt8(ascii: "\n") else { return nil }
        if bytes.suffix(failed.count).elementsEqual(failed) { return failed.count }
        let tail = bytes.suffix(longest)
        guard let start = tail.indices.last(where: { tail[$0...].starts(with: terminated) }),
            tail[start...].dropLast().allSatisfy(\.isPrintableASCII)
        else { return nil }
        return bytes.distance(from: start, to: bytes.endIndex)
    }
}

extension UInt8 {
    /// From the space to the tilde.
    var isPrintableASCII: Bool { (0x20...0x7E).contains(self) }

    /// Returns whether a byte may occur in text for people: no control character but line ends, tabs and escapes.
    var isText: Bool { self >= 0x20 && self != 0x7F || (0x09...0x0D).contains(self) || self == 0x1B }
}
