/// The task that a command line gives.
public enum Command: Equatable {
    /// Captures packets.
    case capture(Options)
    /// Prints the version.
    case version
    /// Prints the usage.
    case help

    /// Parses the arguments, without the program's name. `interfaces` are the names that a stray argument may be meant
    /// for. Throws an error that quotes the argument at fault and proposes what may have been meant.
    public init(
        _ arguments: ArraySlice<ByteString>, interfaces: @autoclosure () -> [ByteString]
    ) throws(UsageError) {
        var options = Options()
        var snaplen: UInt64 = 0
        var wantsVersion = false
        var last: FlagScanner.Flag?
        var scanner = FlagScanner(arguments)
        while let flag = try scanner.next() {
            switch flag.name {
            case "interface": options.interface = try scanner.value(of: flag)
            case "snaplen": snaplen = try Self.number(scanner.value(of: flag))
            case "filter": options.filter = try scanner.value(of: flag)
            case "v": options.isVerbose = try scanner.boolean(of: flag)
            case "version": wantsVersion = try scanner.boolean(of: flag)
            case "h", "help":
                self = .help
                return
            default:
                let hint = FlagHint.text(for: flag.name, interfaces: interfaces())
                throw UsageError("flag provided but not defined: -\(flag.name)\(hint)")
            }
            last = flag
        }
        guard snaplen <= Options.largestSnaplen else { throw Self.invalidSnaplen("\(snaplen)") }
        options.snaplen = snaplen == 0 ? Options.defaultSnaplen : Int(snaplen)
        if !wantsVersion, let first = scanner.leftOver.first {
            let meant = Self.meaning(of: scanner.leftOver, after: last, options, interfaces())
            throw UsageError("unexpected argument '\(first)': did you mean \(meant)?")
        }
        self = wantsVersion ? .version : .capture(options)
    }

    private static func number(_ text: ByteString) throws(UsageError) -> UInt64 {
        guard let number = text.bytes.decimal(upTo: .max) else { throw invalidSnaplen(text) }
        return number
    }

    private static func invalidSnaplen(_ value: ByteString) -> UsageError {
        UsageError(
            "invalid value \"\(value)\" for flag -snaplen: give 1 to \(Options.largestSnaplen), or 0 for the default")
    }

    /// Returns the flag and the value that stray arguments were probably meant as. `last` is the flag before them. If the user's shell has
    /// split a filter, its first word is the value of that flag.
    private static func meaning(
        of words: ArraySlice<ByteString>, after last: FlagScanner.Flag?, _ options: Options, _ interfaces: [ByteString]
    ) -> ByteString {
        let first = words[words.startIndex]
        if let last, last.value == nil, last.name == "v", first == "true" || first == "false" { return "-v=\(first)" }
        if interfaces.contains(first) { return "-interface \(first)" }
        let taken = last?.name == "filter" ? [options.filter] : []
        let filter = (taken + words.prefix { !$0.hasPrefix("-") || $0 == first }).joined(separator: " ")
        return "-filter '\(FilterHint.captureFilter(meantBy: filter) ?? filter)'"
    }
}
