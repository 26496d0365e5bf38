import ArgumentParser

/// The command line, as it is written; `options()` is what it means.
struct CaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-pcap-client",
        abstract: OptionHelp.summary + ".",
        usage: """
            cf pcap APP_NAME [--process PROCESS] [-i INDEX] [-o OUTPUT_FILE] [-f|--filter FILTER]
                [--interface INTERFACE] [--snaplen SNAPLEN] [-k|--skip-host-validation] [OPTION...]
            cf-pcap-client APP_NAME [OPTION...]
            """,
        discussion: "For instance:\n" + OptionHelp.examples.map { "  \($0)" }.joined(separator: "\n"),
        version: "cf-pcap-client \(ClientVersion.current)"
    )

    @Argument(help: ArgumentHelp("the app, in the space that cf targets", valueName: "APP_NAME"))
    var app: String

    @Argument(help: .hidden)
    var rest: [String] = []

    @Option(help: ArgumentHelp(OptionHelp.process, valueName: "PROCESS"))
    var process: String?

    @Option(
        name: [.customShort("i"), .customLong("app-instance-index")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp(OptionHelp.index, valueName: "INDEX"))
    var indices: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp(OptionHelp.output, valueName: "OUTPUT_FILE"))
    var output: String?

    @Option(name: .shortAndLong, help: ArgumentHelp(OptionHelp.filter, valueName: "FILTER"))
    var filter: String?

    @Option(help: ArgumentHelp(OptionHelp.interface, valueName: "INTERFACE"))
    var interface: String?

    @Option(parsing: .unconditional, help: ArgumentHelp(OptionHelp.snaplen, valueName: "SNAPLEN"))
    var snaplen: String?

    @Flag(name: [.customShort("k"), .long], help: ArgumentHelp(OptionHelp.skipHostValidation))
    var skipHostValidation = false

    @Option(parsing: .unconditional, help: ArgumentHelp(OptionHelp.duration, valueName: "TIME"))
    var duration: String?

    @Option(parsing: .unconditional, help: ArgumentHelp(OptionHelp.hold, valueName: "SECONDS"))
    var hold: String?

    @Option(parsing: .unconditional, help: ArgumentHelp(OptionHelp.format, valueName: "FORMAT"))
    var format: String?

    @Flag(help: ArgumentHelp(OptionHelp.quiet))
    var quiet = false

    @Flag(help: ArgumentHelp(OptionHelp.force))
    var force = false

    @Flag(help: ArgumentHelp(OptionHelp.noFollow))
    var noFollow = false

    @Flag(help: ArgumentHelp(OptionHelp.wireshark))
    var wireshark = false
}
