extension CaptureOptions {
    /// The processes of an app to capture.
    enum Processes: Sendable, Equatable {
        /// The process of this type.
        case named(String)
        /// The processes of all types.
        case all
    }

    /// The file format of the output.
    enum Format: String, Sendable, CaseIterable {
        /// The classic format (pcap-savefile(5)).
        case pcap
        /// The newer format (draft-ietf-opsawg-pcapng).
        case pcapng
    }

    /// The compression of the output.
    enum Compression: String, Sendable, CaseIterable {
        /// No compression.
        case none = ""
        /// Members of gzip (RFC 1952).
        case gzip = ".gz"
        /// Frames of zstd (RFC 8878).
        case zstd = ".zst"
    }

    /// The app's name.
    var app: String { appName ?? "" }

    /// The instances in ascending order; nil means all that run.
    var indices: [ClosedRange<Int>]? {
        indexLists.isEmpty ? nil : IndexList.merged(indexLists.flatMap(\.ranges))
    }

    /// Whether instances are joined again, and new ones joined.
    var follow: Bool { !noFollow }

    /// Whether the capture goes to standard output. Checking the options brings each of its names into this form.
    var writesStandardOutput: Bool { output == Self.standardOutput }

    /// The name of standard output.
    static let standardOutput = "-"

    /// Whether packets are written to files: those that show packets write none unless that is asked for.
    var writesFile: Bool { !writesStandardOutput && (!showsPackets || output != nil || rotation != nil) }

    /// The value of `--keep`.
    static func fileCount(_ text: String) throws(UsageError) -> Int {
        guard let count = Int(text), (1...9999).contains(count) else { throw UsageError("write 1 to 9999") }
        return count
    }

    /// The value of `--snaplen`, in bytes. 0 stands for the agent's default.
    static func packetLength(_ text: String) throws(UsageError) -> Int {
        guard let bytes = Int(text), (0...262_144).contains(bytes) else {
            throw UsageError("write 1 to 262144 bytes, or 0 for the default")
        }
        return bytes
    }

    /// The most that an agent takes, as tcpdump's default: packets on lo have up to 65,550 bytes, and what an agent costs
    /// depends on what it keeps, not on this limit.
    static let defaultSnaplen = 262_144
}

extension CaptureOptions.Processes {
    init(_ text: String) throws(UsageError) {
        // cf would take it for an option.
        guard !text.isEmpty, !text.hasPrefix("-") else {
            throw UsageError("'cf app APP_NAME' lists them, 'all' is all")
        }
        self = text == "all" ? .all : .named(text)
    }
}
