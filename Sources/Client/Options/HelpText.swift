/// The help of the command: what `--help` prints, and `cf help pcap` from the parts of it that the CLI keeps.
///
/// One line an option, so that all of it stands on one screen of 40 lines by 80 columns.
enum HelpText {
    /// The command in one line.
    static let summary = "capture the network traffic of all instances of an app into one file"

    /// The command lines and options, as the CLI prints them under USAGE.
    static let usage = ([synopsis] + examples.map { indent + $0 } + options).joined(separator: "\n")

    /// The same text that `cf help pcap` prints.
    static let text = "NAME:\n\(indent)pcap - \(summary)\n\nUSAGE:\n\(indent)\(usage)\n"

    private static let synopsis = "cf pcap APP [OPTION...]     (or: cf-pcap-client APP; [defaults] in brackets)"

    private static let examples = [
        "cf pcap APP -i 0,2-4 --filter 'tcp port 8080' --interface lo -o app.pcapng"
    ]

    /// The indentation that the CLI gives to the first line.
    private static let indent = "   "
    /// The column of the texts behind the names, but for names that are longer.
    private static let nameWidth = 21

    private static var options: [String] {
        HelpGroup.allCases.flatMap { group in
            OptionTable.rows.filter { $0.group == group }.enumerated().map { number, row in
                let margin = number == 0 ? group.rawValue : ""
                return indent + margin.padded(to: 8) + row.synopsis.padded(to: nameWidth) + "  " + (row.abstract ?? "")
            }
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
