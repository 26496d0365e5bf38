extension String {
    /// One word for sh that stands for these bytes, whatever they are (POSIX, Shell Command Language, 2.2.2).
    var quotedForShell: String {
        // Byte by byte: a quote with a combining mark behind it is another Character.
        let parts = utf8.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false)
        return "'" + String(decoding: Array(parts.joined(separator: #"'\''"#.utf8)), as: UTF8.self) + "'"
    }
}
