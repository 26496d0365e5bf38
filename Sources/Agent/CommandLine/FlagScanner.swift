/// Splits a command line into flags and left-over arguments, in the manner of Go's `flag` package.
struct FlagScanner {
    private var arguments: ArraySlice<ByteString>

    /// Creates a scanner of the process's arguments, without the program's name.
    init(_ arguments: ArraySlice<ByteString>) {
        self.arguments = arguments
    }

    /// A flag as it was written.
    struct Flag {
        /// The name without its dashes.
        let name: ByteString
        /// The text after `=`; nil if there is no `=`.
        let value: ByteString?
    }

    /// The arguments that no flag has consumed.
    var leftOver: ArraySlice<ByteString> { arguments }

    /// Removes the next flag. Returns nil at the first argument that is not a flag, after `--`, and at the end.
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

    /// Returns the value of a flag that needs one: the text after `=`, or else the next argument, even if that begins
    /// with a dash. Throws if there is neither.
    mutating func value(of flag: Flag) throws(UsageError) -> ByteString {
        if let value = flag.value { return value }
        guard let value = arguments.popFirst() else {
            throw UsageError("flag needs an argument: -\(flag.name)")
        }
        return value
    }

    /// Returns the value of a switch: true without `=`, otherwise as `strconv.ParseBool` reads it. Throws if it cannot.
    func boolean(of flag: Flag) throws(UsageError) -> Bool {
        switch flag.value {
        case nil, "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        case let value?: throw UsageError("invalid boolean value \"\(value)\" for -\(flag.name): parse error")
        }
    }
}
