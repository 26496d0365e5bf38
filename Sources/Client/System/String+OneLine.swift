extension StringProtocol {
    /// The text with each run of white space as one space, and an ellipsis where it goes on behind `limit` characters. Of a
    /// page of HTML, as routers answer in the platform's place, only the words are left.
    func inOneLine(limit: Int) -> String {
        let text = isHTML ? prefix(Self.longestPage).withoutMarkup : String(self)
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count <= limit ? line : "\(line.prefix(limit))..."
    }

    /// The characters of a page that are read.
    private static var longestPage: Int { 8192 }

    /// Whether the text has a page's elements. A filter, too, may hold `<` and `>`.
    private var isHTML: Bool {
        let text = lowercased()
        return ["<html", "<!doctype", "<head", "<body", "<title"].contains { text.contains($0) }
    }

    /// The words of a page, without tags, comments, scripts and styles. A text that follows its like is left out, as pages
    /// have their title in them once more.
    private var withoutMarkup: String {
        var parts: [String] = []
        var rest = Substring(self)
        while let start = rest.firstIndex(of: "<") {
            parts.append(String(rest[..<start]))
            rest = rest[start...]
            let end = rest.endOfTag
            rest = rest[end...]
        }
        parts.append(String(rest))
        var words: [String] = []
        for part in parts {
            let text = part.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if !text.isEmpty, text != words.last { words.append(text) }
        }
        return words.joined(separator: " ")
    }
}

extension Substring {
    /// The place behind the tag, the comment, or the script or style, that the text begins with.
    fileprivate var endOfTag: Index {
        if hasPrefix("<!--") { return end(of: "-->") }
        let name = dropFirst().prefix { $0.isLetter }.lowercased()
        if ["script", "style"].contains(name) { return end(of: "</\(name)>") }
        return end(of: ">")
    }

    private func end(of mark: String) -> Index {
        var rest = self
        while !rest.isEmpty {
            if rest.prefix(mark.count).lowercased() == mark { return rest.index(rest.startIndex, offsetBy: mark.count) }
            rest = rest.dropFirst()
        }
        return endIndex
    }
}
