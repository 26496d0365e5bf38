extension String {
    /// One word for sh that stands for these bytes, whatever they are (POSIX, Shell Command Language, 2.2.2).
    var quotedForShell: String {
        "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
