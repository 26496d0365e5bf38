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

    /// Logs what was asked for.
    public func describe(in log: Log) {
        log.debug("parsed flags") { line in
            line.add("interface", interface)
            line.add("snaplen", snaplen)
            line.add("filter", filter)
        }
    }
}

/// What a command line asks for.
public enum Invocation: Equatable {
    /// To capture.
    case capture(Options)
    /// To print the version.
    case version
    /// To print the usage.
    case help

    /// Reads the arguments, without the program's name. Throws where they are not as the usage says.
    public init(_ arguments: ArraySlice<ByteString>) throws(UsageError) {
        var options = Options()
        var snaplen = 0
        var wantsVersion = false
        var scanner = FlagScanner(arguments)
        while let flag = try scanner.next() {
            switch flag.name {
            case "interface": options.interface = try scanner.value(of: flag)
            case "snaplen": snaplen = try scanner.integer(of: flag)
            case "filter": options.filter = try scanner.value(of: flag)
            case "v": options.isVerbose = try scanner.boolean(of: flag)
            case "version": wantsVersion = try scanner.boolean(of: flag)
            case "h", "help":
                self = .help
                return
            default: throw UsageError("flag provided but not defined: -\(flag.name)")
            }
        }
        options.snaplen = try Self.checked(snaplen: snaplen)
        if !wantsVersion { try Self.refuse(leftOver: scanner.leftOver) }
        self = wantsVersion ? .version : .capture(options)
    }

    private static func checked(snaplen value: Int) throws(UsageError) -> Int {
        guard (0...Options.largestSnaplen).contains(value) else {
            throw UsageError(
                "invalid value \"\(value)\" for flag -snaplen: give 1 to \(Options.largestSnaplen), or 0 for the default"
            )
        }
        return value == 0 ? Options.defaultSnaplen : value
    }

    private static func refuse(leftOver: ArraySlice<ByteString>) throws(UsageError) {
        guard let first = leftOver.first else { return }
        let words = leftOver.prefix { !$0.hasPrefix("-") || $0 == first }
        let filter = [ByteString](words).joined(separator: " ")
        throw UsageError("unexpected argument '\(first)': did you mean -filter '\(filter)'?")
    }
}
