/// All that a person asked for.
public struct CaptureOptions: Sendable {
    /// Which processes of the app.
    public enum Processes: Sendable, Equatable {
        /// The process of this type.
        case named(String)
        /// The processes of all types.
        case all
    }

    /// The file format of the output.
    public enum Format: String, Sendable, CaseIterable {
        /// Classic pcap (pcap-savefile(5)).
        case pcap
        /// pcapng (draft-ietf-opsawg-pcapng).
        case pcapng
    }

    /// How the output is compressed.
    public enum Compression: Sendable, Equatable {
        /// Not at all; into gzip members; into zstd frames.
        case none, gzip, zstd
    }

    /// The app's name.
    public var app: String
    /// The process type, or all of them.
    public var processes = Processes.named("web")
    /// The instances; nil means all that run.
    public var indices: [ClosedRange<Int>]?
    /// A path, `-` for standard output; nil means `capture.pcap`, or `capture-1.pcap` and so on if it exists.
    public var output: String?
    /// How the output is written.
    public var format = Format.pcap
    /// How the output is compressed.
    public var compression = Compression.none
    /// A pcap filter expression, sent to the agent as it is.
    public var filter: String?
    /// The interface in the container.
    public var interface = "eth0"
    /// Bytes kept of each packet; nil means the agent's default.
    public var snaplen: Int?
    /// Whether cf is told not to check the host key.
    public var skipHostValidation = false
    /// How long to capture; nil means until stopped.
    public var duration: Duration?
    /// How long a packet waits for earlier ones of other instances.
    public var hold = Duration.seconds(1)
    /// Whether nothing but warnings and errors is told.
    public var quiet = false
    /// Whether an existing output may be overwritten.
    public var force = false
    /// Whether instances are joined again, and new ones joined.
    public var follow = true
    /// Whether the packets go to Wireshark.
    public var wireshark = false

    /// The defaults for an app.
    public init(app: String) {
        self.app = app
    }
}
