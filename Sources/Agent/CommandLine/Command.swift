/// The task that a command line asks for.
public enum Command: Equatable {
    /// Captures packets.
    case capture(Options)
    /// Prints the version.
    case version
    /// Prints the usage.
    case help

    /// Parses a command line.
    ///
    /// - Parameters:
    ///   - arguments: The arguments without the program's name.
    ///   - interfaces: The names of the interfaces, one of which a stray argument may be.
    /// - Throws: An error that quotes the argument at fault and, if possible, proposes another.
    public init(
        _ arguments: ArraySlice<ByteString>, interfaces: @autoclosure () -> [ByteString]
    ) throws(UsageError) {
        var options = Options()
        var wantsVersion = false
        var last: FlagScanner.Flag?
        var scanner = FlagScanner(arguments)
        while let flag = try scanner.next() {
            switch flag.name {
            case "h", "help":
                self = .help
                return
            case "version": wantsVersion = try scanner.boolean(of: flag)
            default:
                guard let definition = FlagDefinition.all.first(where: { $0.name == flag.name }) else {
                    let hint = FlagHint.text(for: flag.name, interfaces: interfaces())
                    throw UsageError("flag provided but not defined: -\(flag.name)\(hint)")
                }
                switch definition.effect {
                case .value(let set): try set(scanner.value(of: flag), &options)
                case .toggle(let set): set(try scanner.boolean(of: flag), &options)
                }
            }
            last = flag
        }
        try options.requireRanges()
        if !wantsVersion, let first = scanner.leftOver.first {
            let proposal = Self.proposal(for: scanner.leftOver, after: last, options, interfaces())
            throw UsageError("unexpected argument '\(first)': did you mean \(proposal)?")
        }
        self = wantsVersion ? .version : .capture(options)
    }

    /// Returns the flag and value that the user probably meant by stray arguments.
    ///
    /// If a shell has split a filter at its spaces, the value of `-filter` has the filter's first word and the stray
    /// arguments have the others.
    ///
    /// - Parameters:
    ///   - words: The stray arguments, at least one.
    ///   - last: The flag before them.
    ///   - options: The options that the flags have set.
    ///   - interfaces: The names of the interfaces.
    private static func proposal(
        for words: ArraySlice<ByteString>, after last: FlagScanner.Flag?, _ options: Options, _ interfaces: [ByteString]
    ) -> ByteString {
        let first = words[words.startIndex]
        if let last, last.value == nil, last.name == "v", first == "true" || first == "false" { return "-v=\(first)" }
        if interfaces.contains(first) { return "-interface \(first)" }
        let firstWord = last?.name == "filter" ? [options.filter] : []
        let filter = (firstWord + words.prefix { !$0.hasPrefix("-") || $0 == first }).joined(separator: " ")
        return "-filter '\(DisplayFilter.captureFilter(meantBy: filter) ?? filter)'"
    }
}
