/// What the user asked for.
public struct Options: Equatable {
    static let defaultSnaplen = 65535
    /// libpcap's own limit (MAXIMUM_SNAPLEN in pcap-int.h).
    static let largestSnaplen = 262_144

    /// The interface's name, empty where none was given.
    public var interface: ByteString = ""
    /// How many bytes of each packet are kept, 1 to ``largestSnaplen``.
    public var snaplen = Options.defaultSnaplen
    /// An expression of pcap-filter(7), empty where none was given.
    public var filter: ByteString = ""
    /// Whether details and progress are logged.
    public var isVerbose = false
}

/// What a command line asks for.
public enum Invocation: Equatable {
    /// To capture.
    case capture(Options)
    /// To print the version.
    case version
    /// To print the usage.
    case help

    /// Reads the arguments, without the program's name. Throws where they are not as the usage says, with what may have
    /// been meant; `interfaces` are the names that could be.
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
        guard snaplen <= Options.largestSnaplen else { throw Self.refusal(ofSnaplen: "\(snaplen)") }
        options.snaplen = snaplen == 0 ? Options.defaultSnaplen : Int(snaplen)
        if !wantsVersion, let first = scanner.leftOver.first {
            let meant = Self.meaning(of: scanner.leftOver, behind: last, options, interfaces())
            throw UsageError("unexpected argument '\(first)': did you mean \(meant)?")
        }
        self = wantsVersion ? .version : .capture(options)
    }

    private static func number(_ text: ByteString) throws(UsageError) -> UInt64 {
        guard let number = text.bytes.decimal(upTo: .max) else { throw refusal(ofSnaplen: text) }
        return number
    }

    private static func refusal(ofSnaplen value: ByteString) -> UsageError {
        UsageError(
            "invalid value \"\(value)\" for flag -snaplen: give 1 to \(Options.largestSnaplen), or 0 for the default")
    }

    /// Of words that no flag took. A filter that is not quoted has lost all but its first word.
    private static func meaning(
        of words: ArraySlice<ByteString>, behind last: FlagScanner.Flag?, _ options: Options, _ interfaces: [ByteString]
    ) -> ByteString {
        let first = words[words.startIndex]
        if let last, last.value == nil, last.name == "v", first == "true" || first == "false" { return "-v=\(first)" }
        if interfaces.contains(first) { return "-interface \(first)" }
        let taken = last?.name == "filter" ? [options.filter] : []
        let filter = (taken + words.prefix { !$0.hasPrefix("-") || $0 == first }).joined(separator: " ")
        return "-filter '\(FilterHint.captureFilter(meantBy: filter) ?? filter)'"
    }
}
