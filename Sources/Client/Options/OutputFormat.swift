/// How packets are written, and by what they are compressed: `pcap`, `pcapng.zst`.
struct OutputFormat: Equatable {
    var format: CaptureOptions.Format
    var compression: CaptureOptions.Compression

    /// All of them, for messages.
    static let choices = ".pcap, .pcapng, and either with .gz or .zst behind it"
}

extension OutputFormat {
    /// What `pcapng.gz` and the like name, in capitals or not.
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

    /// What the end of a file's name says: `web.pcap` is pcap.
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
