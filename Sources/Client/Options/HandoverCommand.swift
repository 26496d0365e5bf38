/// A person's shell command for each complete file, such as `aws s3 cp {} s3://bucket/`.
struct HandoverCommand: Sendable, Equatable {
    /// The command as it was written, for messages.
    let text: String
    /// The script for `sh -c`, whose first argument is the file's path.
    let script: String

    /// Reads a command. Throws if no `{}` stands in it, or if a quote in it has no end.
    ///
    /// The path is one word wherever `{}` stands, inside quotes as well; no character of it is read by the shell.
    init(_ text: String) throws(UsageError) {
        var scanner = Scanner()
        var script = ""
        var rest = text[...]
        var count = 0
        while let character = rest.first {
            if !scanner.isEscaped, rest.hasPrefix("{}") {
                script += scanner.parameter
                rest = rest.dropFirst(2)
                count += 1
            } else {
                scanner.take(character)
                script.append(character)
                rest = rest.dropFirst()
            }
        }
        guard count > 0 else {
            throw UsageError("it does not say where the file's path goes, write {} there")
        }
        guard scanner.isAtEnd else {
            throw UsageError("it has a quote or a parenthesis without its end")
        }
        self.text = text
        self.script = script
    }

    /// Follows the quotes of a script (POSIX, Shell Command Language, 2.2, 2.6.3).
    private struct Scanner {
        private enum Context {
            case plain, single, double, backquoted
        }

        private var contexts = [Context.plain]
        private var previous: Character?
        private(set) var isEscaped = false

        var isAtEnd: Bool { contexts.count == 1 && !isEscaped }

        /// The first argument, in the spelling that makes it one word here.
        var parameter: String {
            switch contexts.last {
            case .double: "${1}"
            case .single: #"'"${1}"'"#
            case .plain, .backquoted, nil: #""${1}""#
            }
        }

        mutating func take(_ character: Character) {
            defer { previous = isEscaped ? nil : character }
            if isEscaped {
                isEscaped = false
                return
            }
            switch (contexts.last, character) {
            case (.single, "'"): contexts.removeLast()
            case (.single, _): break
            case (_, "\\"): isEscaped = true
            case (.double, "\""): contexts.removeLast()
            case (.double, "("): if previous == "$" { contexts.append(.plain) }
            case (.backquoted, "`"): contexts.removeLast()
            case (_, "`"): contexts.append(.backquoted)
            case (.double, _): break
            case (_, "'"): contexts.append(.single)
            case (_, "\""): contexts.append(.double)
            case (_, "("): contexts.append(.plain)
            case (_, ")"): if contexts.count > 1 { contexts.removeLast() }
            default: break
            }
        }
    }
}
