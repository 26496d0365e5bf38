extension StringProtocol {
    /// The text with each run of white space as one space, and an ellipsis where it goes on behind `limit` characters.
    func inOneLine(limit: Int) -> String {
        let line = split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count <= limit ? line : "\(line.prefix(limit))..."
    }
}
