#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The names of a set of files, as dumpcap makes them: `web_00001_20261130013000.pcapng`. Wireshark knows the other files
/// of a set by them.
struct FileSetName: Equatable {
    /// The folder and the start of the name: `captures/web`.
    let prefix: String
    /// The end of the name: `.pcapng`.
    let suffix: String

    /// The names that stand for `output`. A path without an extension gets that of the format, without which Wireshark
    /// does not know the files of a set.
    init(output: String, format: OutputFormat) {
        let end = ".\(format)"
        let name = output.split(separator: "/").last ?? ""
        let length = name.lowercased().hasSuffix(end) ? end.count : name.lastIndex(of: ".").map { name[$0...].count }
        prefix = String(output.dropLast(length ?? 0))
        suffix = length.map { String(output.suffix($0)) } ?? end
    }

    /// Returns the path of a file that is begun at `time`, in seconds since 1970. As dumpcap does, names the local time, and
    /// counts to 99,999 and then from 0.
    func path(number: Int, at time: UInt64) -> String {
        "\(prefix)_\(Self.digits(number % 100_000, 5))_\(Self.localTime(time))\(suffix)"
    }

    /// The names of all files of sets with these names, in the order of their numbers.
    func existing() -> [String] {
        let parts = prefix.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().joined(separator: "/")
        let start = (parts.last ?? "") + "_"
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: parts.count < 2 ? "." : folder.isEmpty ? "/" : folder)
        return (names ?? []).filter { name in
            guard name.hasPrefix(start), name.hasSuffix(suffix), name.count >= start.count + suffix.count else {
                return false
            }
            let words = name.dropFirst(start.count).dropLast(suffix.count).split(
                separator: "_", omittingEmptySubsequences: false)
            return words.map(\.count) == [5, 14] && words.joined().utf8.allSatisfy { (0x30...0x39).contains($0) }
        }.sorted()
    }

    /// Whether Wireshark finds the other files of the set, by names with one extension only.
    var isKnownToWireshark: Bool { !suffix.dropFirst().contains(".") }

    /// Returns the local time of a moment, in seconds since 1970: `20261130013000`. The corresponding C function is
    /// `localtime_r`.
    private static func localTime(_ seconds: UInt64) -> String {
        var time = time_t(seconds)
        // The structure has a pointer to the name of the time zone, which is not read.
        var parts = unsafe tm()
        unsafe localtime_r(&time, &parts)
        let year = unsafe Int(parts.tm_year) + 1900
        let others = unsafe [parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec]
        return digits(year, 4) + others.map { digits(Int($0), 2) }.joined()
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
