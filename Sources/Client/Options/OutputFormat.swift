/// The format and the compression of an output: `pcap`, `pcapng.zst`.
struct OutputFormat: Equatable, Sendable {
    var format: CaptureOptions.Format
    var compression: CaptureOptions.Compression

    /// The names of all formats, for messages.
    static let choices = ".pcap, .pcapng, and either with .gz or .zst behind it"
}

extension OutputFormat {
    /// The value of `--format`.
    init(option text: String) throws(UsageError) {
        guard let format = OutputFormat(name: text) else {
            throw UsageError("write pcap or pcapng, either with .gz or .zst behind it")
        }
        self = format
    }

    /// The format that `pcapng.gz` and the like name, in capitals or not.
    init?(name: some StringProtocol) {
        var parts = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        switch parts.last {
        case "gz": compression = .gzip
        case "zst": compression = .zstd
        default: compression = .none
        }
        if compression != .none { parts.removeLast() }
        guard parts.count == 1, let format = CaptureOptions.Format(rawValue: String(parts[0])) else { return nil }
        self.format = format
    }

    /// The format that the end of a file's name tells: `web.pcap` is pcap.
    init?(fileName: String) {
        let parts = fileName.split(separator: "/").last?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        for count in 1...2 where parts.count > count {
            if let format = OutputFormat(name: parts.suffix(count).joined(separator: ".")) {
                self = format
                return
            }
        }
        return nil
    }
}

extension OutputFormat: CustomStringConvertible {
    /// The end of a file's name without the first dot: `pcapng.gz`.
    var description: String { format.rawValue + compression.rawValue }
}
