public import ArgumentParser

/// The table of all options. The parser, `--help`, `cf help pcap` and the check of README's table read the names, texts and
/// defaults from it. Besides a declaration here a new option takes:
/// - its row in README's table, and in `OptionPairsTests` the options that it goes with (tests fail until then);
/// - its rules beside others, in ``check()`` or what that calls, and its name in one of the lists of given options there;
/// - what it does: an option of the filter becomes a part of ``captureFilter``, one of the end stands in
///   `CaptureOptions+End.swift`, one of showing packets in `CaptureOptions+Show.swift`.
///
/// `help:` names the group in which help lists the option, then the text, with the default in brackets. The text fits a
/// line of help (80 columns). A value that cannot be used throws ``UsageError`` with what to write instead; options that
/// do not go together are refused in ``check()``.
public struct CaptureOptions: ParsableCommand, Sendable {
    public static let configuration = CommandConfiguration(helpNames: [])

    @Argument(help: .hidden)
    var appName: String?

    @Argument(help: .hidden)
    var rest: [String] = []

    // MARK: Choose

    /// The process type, or all of them.
    @Option(
        name: .customLong("process"), help: HelpGroup.choose.help("process type, or 'all' of them [web]", "PROCESS"),
        transform: Processes.init)
    var processes = Processes.named("web")

    /// The lists of instances; empty means all that run.
    @Option(
        name: [.customShort("i"), .customLong("app-instance-index")], parsing: .unconditionalSingleValue,
        help: HelpGroup.choose.help("instances, as 1 or 0,2-4 [all]", "INDEX"), transform: IndexList.init)
    var indexLists: [IndexList] = []

    /// The lists of interfaces in the container; empty means `eth0`.
    @Option(
        name: .customLong("interface"), parsing: .unconditionalSingleValue,
        help: HelpGroup.choose.help("eth0, lo, any, or lo,eth0 for both [eth0]", "NAME"),
        transform: InterfaceList.init)
    var interfaceLists: [InterfaceList] = []

    /// The lists of hosts; see ``HostFilter``.
    @Option(
        name: .customLong("host"), parsing: .unconditionalSingleValue,
        help: HelpGroup.choose.help("from or to a name, address or 10.0.0.0/8 [all]", "HOST"))
    var hosts: [String] = []

    /// The lists of ports; see ``PortFilter``.
    @Option(
        name: .customLong("port"), parsing: .unconditionalSingleValue,
        help: HelpGroup.choose.help("from or to a port, as 443 or 8000-8010 [all]", "PORT"))
    var ports: [String] = []

    /// The lists of protocols; see ``ProtocolFilter``.
    @Option(
        name: .customLong("proto"), parsing: .unconditionalSingleValue,
        help: HelpGroup.choose.help("tcp, udp, icmp, icmp6, arp, ip or ip6 [all]", "PROTO"))
    var protocols: [String] = []

    /// The lists of TCP flags; see ``TCPFlags``.
    @Option(
        parsing: .unconditionalSingleValue,
        help: HelpGroup.choose.help("any of these set, as syn,rst [all]", "FLAGS"))
    var tcpFlags: [String] = []

    /// A pcap filter expression. The agents get it as it is, or with the options above as ``captureFilter``.
    @Option(name: .shortAndLong, help: HelpGroup.choose.help("as 'tcp port 8080', see pcap-filter(7) [all]", "FILTER"))
    var filter: String?

    /// Bytes kept of each packet; nil means ``defaultSnaplen``.
    @Option(
        parsing: .unconditional, help: HelpGroup.choose.help("bytes kept of each packet [262144]", "BYTES"),
        transform: Self.packetLength)
    var snaplen: Int?

    // MARK: See

    /// Shows the packets in Wireshark.
    @Flag(help: HelpGroup.see.help("show the packets in Wireshark as they come"))
    var wireshark = false

    /// Prints a line of text for each packet.
    @Flag(help: HelpGroup.see.help("print a line for each packet, by tshark"))
    var text = false

    /// A display filter of Wireshark: which packets are shown.
    @Option(
        name: [.customShort("Y"), .customLong("display-filter")],
        help: HelpGroup.see.help("show only these: 'http.response' [all]", "EXPR"))
    var displayFilter: String?

    /// Shows the apps of the space, and captures nothing.
    @Flag(help: HelpGroup.see.help("list the space's apps, and who may be captured"))
    var list = false

    /// Asks the instances whether they can be captured, and captures nothing.
    @Flag(name: .customLong("check"), help: HelpGroup.see.help("ask each instance whether it can be captured"))
    var checksInstances = false

    /// Prints the packets, or the answers of `--list` and `--check`, as JSON.
    @Flag(help: HelpGroup.see.help("JSON of packets, or of --list and --check"))
    var json = false

    // MARK: Keep

    /// A path, `-` for standard output; nil means `capture.pcap`, or `capture-1.pcap` and so on if it exists.
    @Option(name: .shortAndLong, help: HelpGroup.keep.help("file, or - for standard output [capture.pcap]", "FILE"))
    var output: String?

    /// The format where the name of the output does not tell it.
    @Option(
        name: .customLong("format"), parsing: .unconditional,
        help: HelpGroup.keep.help("pcap, pcapng; with .gz or .zst [by the name]", "FORMAT"),
        transform: OutputFormat.init(option:))
    var requestedFormat: OutputFormat?

    /// Overwrites an existing output.
    @Flag(help: HelpGroup.keep.help("overwrite a file that exists"))
    var force = false

    /// The limits of each file; nil means one file.
    @Option(
        name: .customLong("rotate"), parsing: .unconditional,
        help: HelpGroup.keep.help("new file after 100MB, 10m, or both [one file]", "LIMITS"),
        transform: Rotation.init)
    var rotation: Rotation?

    /// The complete files to keep; nil means all.
    @Option(
        parsing: .unconditional, help: HelpGroup.keep.help("with --rotate: keep the last N files [all]", "N"),
        transform: Self.fileCount)
    var keep: Int?

    /// The command for each complete file; nil means none.
    @Option(
        parsing: .unconditional,
        help: HelpGroup.keep.help("run for each complete file, as 'gzip {}'", "COMMAND"),
        transform: HandoverCommand.init)
    var onFile: HandoverCommand?

    /// The time for which a packet waits for earlier ones of other instances.
    @Option(
        parsing: .unconditional,
        help: HelpGroup.keep.help("wait so long for earlier packets [1]", "SECONDS"), transform: TimeSpan.hold)
    var hold = Duration.seconds(1)

    // MARK: Stop

    /// The time to capture; nil means until stopped.
    @Option(
        parsing: .unconditional,
        help: HelpGroup.stop.help("stop after 60s, 5m or 1h [until stopped]", "TIME"), transform: TimeSpan.duration)
    var duration: Duration?

    /// Ends the capture a time after the first packet that a filter selects, or the first crash: see ``untilFilter`` and
    /// ``waitsForCrash``.
    @Option(help: HelpGroup.stop.help("stop after such a packet, or after a 'crash'", "FILTER"))
    var until: String?

    /// A display filter of Wireshark of which the first packet ends the capture.
    @Option(help: HelpGroup.stop.help("stop after what this display filter shows", "EXPR"))
    var untilDisplay: String?

    /// The time to capture after the event that ends the capture; nil means a second.
    @Option(
        parsing: .unconditional, help: HelpGroup.stop.help("go on so long behind --until's packet [1s]", "TIME"),
        transform: TimeSpan.after)
    var after: Duration?

    /// Ends the capture with exactly so many packets of all instances.
    @Option(
        parsing: .unconditional, help: HelpGroup.stop.help("stop after so many packets of all instances", "N"),
        transform: Self.packetCount)
    var count: Int?

    // MARK: Other

    /// Passes --skip-host-validation to cf ssh.
    @Flag(name: [.customShort("k"), .long], help: HelpGroup.other.help("do not validate the SSH host key"))
    var skipHostValidation = false

    /// Leaves instances alone that come back or are new.
    @Flag(help: HelpGroup.other.help("join no instances that come back or are new"))
    var noFollow = false

    /// Says nothing but warnings and errors.
    @Flag(help: HelpGroup.other.help("print only warnings and errors"))
    public var quiet = false

    /// Makes this program an interface of Wireshark.
    @Flag(help: HelpGroup.other.help("add 'cf pcap' to Wireshark's interfaces"))
    var installExtcap = false

    /// Undoes ``installExtcap``.
    @Flag(help: HelpGroup.other.help("take it away from there"))
    var uninstallExtcap = false

    /// Asks for the help text.
    @Flag(name: .shortAndLong, help: HelpGroup.other.help("print this text"))
    var help = false

    /// Asks for the version.
    @Flag(help: HelpGroup.other.help("print the version"))
    var version = false

    public init() {}
}
