extension String {
    /// The text without characters that a terminal takes for a command or shows as another text: controls, directions
    /// of writing, invisible characters. They are written as `\u{1b}`. Cut behind 2,000 characters.
    var printable: String { printable(limit: 2000) }

    /// The text like ``printable``, cut behind `limit` characters.
    func printable(limit: Int) -> String {
        var text = ""
        for scalar in unicodeScalars.prefix(limit) {
            if scalar.isPrintable {
                text.unicodeScalars.append(scalar)
            } else {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        if unicodeScalars.dropFirst(limit).first != nil { text += "..." }
        return text
    }

    /// The text in characters that fill one column each.
    var inColumns: String {
        String(String.UnicodeScalarView(printable.unicodeScalars.map { $0.isASCII ? $0 : "?" }))
    }
}

extension Unicode.Scalar {
    /// Whether it shows as itself: no control, direction of writing or invisible character.
    var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
        default: true
        }
    }
}
