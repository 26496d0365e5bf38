/// The texts that people and scripts know.
public enum Announcements {
    /// Before the first session.
    public static func starting(on indices: [ClosedRange<Int>]?) -> String {
        guard let indices else { return "Starting capture on all instances." }
        return "Starting capture on instances: \(IndexList.text(indices))."
    }

    /// The filter that options without words of pcap-filter(7) became, and who resolves the names in it.
    static func filter(_ expression: String, names: [String]) -> String {
        let resolved = names.isEmpty ? "" : "; each instance looks up \(names.joined(separator: ", ")) by itself"
        return "Filter: \(expression)\(resolved)"
    }

    /// When the first instance is captured.
    public static let capturing = "Capturing, press ^C to stop..."

    /// At the end, if there is no output.
    public static func nothingSaved(isFile: Bool) -> String {
        isFile ? "Nothing was captured: no file was written." : "Nothing was captured."
    }

    /// When the output is whole.
    public static func saved(to path: String) -> String { "Saved capture to '\(path)'." }
}
