/// Splits a command line into flags and left-over arguments, by the rules of Go's `flag` package.
struct FlagScanner {
    /// The arguments that are not scanned yet.
    private var arguments: ArraySlice<ByteString>

    /// Creates a scanner of a command line.
    ///
    /// - Parameter arguments: The arguments without the program's name.
    init(_ arguments: ArraySlice<ByteString>) {
        self.arguments = arguments
    }

    /// A flag of a command line.
    struct Flag {
        /// The name without dashes.
        let name: ByteString
        /// The text after `=`, or nil if the flag has no `=`.
        let value: ByteString?
    }

    /// The arguments after the last flag.
    var leftOver: ArraySlice<ByteString> { arguments }

    /// Removes the next flag and returns it.
    ///
    /// - Returns: The flag, or nil at the end, after `--`, or before an argument that is no flag.
    /// - Throws: An error if the argument begins with `---` or has no name before `=`.
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

    /// Returns the value of a flag that needs one.
    ///
    /// - Returns: The text after `=`, or else the next argument, which may begin with a dash.
    /// - Throws: An error if the flag has no `=` and is the last argument.
    mutating func value(of flag: Flag) throws(UsageError) -> ByteString {
        if let value = flag.value { return value }
        guard let value = arguments.popFirst() else {
            throw UsageError("flag needs an argument: -\(flag.name)")
        }
        return value
    }

    /// Returns the value of a switch.
    ///
    /// - Returns: True if the switch has no `=`, otherwise the value that Go's `strconv.ParseBool` gives the text.
    /// - Throws: An error if `strconv.ParseBool` does not accept the text.
    func boolean(of flag: Flag) throws(UsageError) -> Bool {
        switch flag.value {
        case nil, "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        case let value?: throw UsageError("invalid boolean value \"\(value)\" for -\(flag.name): parse error")
        }
    }
}
