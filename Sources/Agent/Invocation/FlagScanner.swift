/// Splits a command line into flags and what is left over, in the manner of Go's `flag` package.
struct FlagScanner {
    private var arguments: ArraySlice<ByteString>

    /// `arguments` without the program's name.
    init(_ arguments: ArraySlice<ByteString>) {
        self.arguments = arguments
    }

    /// A flag as it was written, without its dashes; `value` is what stood behind `=`.
    struct Flag {
        let name: ByteString
        let value: ByteString?
    }

    /// What no flag took.
    var leftOver: ArraySlice<ByteString> { arguments }

    /// Removes the next flag. Returns nil at the first argument that is none, behind `--`, and at the end.
    mutating func next() throws(UsageError) -> Flag? {
        guard let argument = arguments.first, argument.count >= 2, argument.hasPrefix("-") else { return nil }
        arguments.removeFirst()
        if argument == "--" { return nil }

        let text = argument.bytes.dropFirst(argument.hasPrefix("--") ? 2 : 1)
        guard let first = text.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "=") else {
            throw UsageError("bad flag syntax: \(argument)")
        }
        guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else {
            return Flag(name: ByteString(text), value: nil)
        }
        return Flag(name: ByteString(text[..<equals]), value: ByteString(text[(equals + 1)...]))
    }

    /// The value of a flag that needs one: what stood behind `=`, else the next argument, whatever it looks like.
    mutating func value(of flag: Flag) throws(UsageError) -> ByteString {
        if let value = flag.value { return value }
        guard let value = arguments.popFirst() else {
            throw UsageError("flag needs an argument: -\(flag.name)")
        }
        return value
    }

    /// The value of a flag that is on or off; on without a value. Read as by `strconv.ParseBool`.
    func boolean(of flag: Flag) throws(UsageError) -> Bool {
        switch flag.value {
        case nil, "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        case let value?: throw UsageError("invalid boolean value \"\(value)\" for -\(flag.name): parse error")
        }
    }
}

/// A command line that cannot be carried out, in words for the person who wrote it.
public struct UsageError: Error, Equatable {
    /// What is wrong, and where known what was meant.
    public let description: ByteString

    init(_ description: ByteString) {
        self.description = description
    }
}
