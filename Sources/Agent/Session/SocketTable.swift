/// A parser of `/proc/net/tcp` and `/proc/net/tcp6`, which have the same columns.
enum SocketTable {
    /// Removes all complete rows from a text, and calls `body` with each socket in them.
    ///
    /// Skips rows that describe no socket, such as the heading. Leaves the bytes after the last newline in `text`.
    static func removeRows<Text: Collection<UInt8>>(from text: inout Text, _ body: (TCPSocket) -> Void)
    where Text.SubSequence == Text {
        while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
            if let socket = TCPSocket(row: text[..<end]) { body(socket) }
            text = text[text.index(after: end)...]
        }
    }
}
