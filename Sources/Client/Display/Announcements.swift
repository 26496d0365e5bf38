/// The texts that people and scripts know.
enum Announcements {
    /// Says how many of the packets that came are in the output, where --count or --until ended it before the sessions.
    static func partWritten(_ written: Int, of came: Int) -> String {
        "\(Quantity.count(written)) of the \(Quantity.packets(came)) that came are in the output: what was asked for."
    }

    /// The line before the first session.
    static func starting(on indices: [ClosedRange<Int>]?) -> String {
        guard let indices else { return "Starting capture on all instances." }
        return "Starting capture on instances: \(IndexList.text(indices))."
    }

    /// The filter that options without words of pcap-filter(7) became, and who resolves the names in it.
    static func filter(_ expression: String, names: [String]) -> String {
        let resolved = names.isEmpty ? "" : "; each instance looks up \(names.joined(separator: ", ")) by itself"
        return "Filter: \(expression)\(resolved)"
    }

    /// The line for the first session that captures.
    static let capturing = "Capturing, press ^C to stop..."

    /// The line at the end of a run without an output.
    static func nothingSaved(isFile: Bool) -> String {
        isFile ? "Nothing was captured: no file was written." : "Nothing was captured."
    }

    /// Says, for a capture of eth0, that requests pass lo in plain text.
    static let proxy = "Behind the platform's proxy requests are TLS on eth0, and in plain text on lo (--interface lo)."

    /// Says at the end where the capture is. Of the files, `missing` are not there any more, because --on-file has moved
    /// or removed them.
    static func saved(_ files: SavedFiles, missing: Int = 0) -> String {
        let count = files.paths.count
        let (first, last) = (files.paths.first ?? "", files.paths.last ?? "")
        let names = count == 1 ? "'\(last)'" : "\(count) files, '\(first)' to '\(last)'"
        let removed = files.removed > 0 ? " (\(files.removed) older ones were removed, as --keep says)" : ""
        let which = count == 1 ? "which" : missing == count ? "all of which" : "\(missing) of which"
        return "Saved capture to \(names)\(removed)"
            + (missing > 0 ? ", \(which) --on-file has moved or removed." : ".")
    }

    /// Returns the names of some files: the first five, and how many more there are.
    static func files(_ paths: [String]) -> String { Quantity.list(paths.map { "'\($0)'" }) }

    /// Says, before anything is captured, how `--rotate` and `--keep` were understood.
    static func rotating(_ rotation: Rotation, keep: Int?, first: String) -> String {
        let kept = keep.map { keep in
            keep == 1
                ? "; the last one that is complete is kept beside it"
                : "; the last \(keep) that are complete are kept beside it"
        }
        return "A new file begins after \(rotation), the first is '\(first)'\(kept ?? "")."
    }

    /// The line before anything is captured into a set that is compressed.
    static let unknownToWireshark = "Wireshark 4.0 does not list the files of a set that is compressed."
}
