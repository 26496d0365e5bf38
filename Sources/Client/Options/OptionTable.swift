import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The rows of ``CaptureOptions``, as swift-argument-parser describes them (`--experimental-dump-help`).
struct OptionTable: Decodable {
    /// An option.
    struct Row: Decodable {
        /// A name: `-o`, or `--output`.
        struct Name: Decodable {
            let kind: String
            let name: String
        }

        let kind: String
        let names: [Name]?
        /// The name of its value; a flag has one without use.
        let valueName: String?
        let abstract: String?
        let discussion: String?
    }

    private struct Command: Decodable {
        let arguments: [Row]
    }

    private let command: Command

    /// The options that help shows, in the order of their declaration.
    static let rows: [Row] = {
        do {
            _ = try CaptureOptions.parseAsRoot(["--experimental-dump-help"])
        } catch {
            let description = Data(CaptureOptions.fullMessage(for: error).utf8)
            let table = try? JSONDecoder().decode(OptionTable.self, from: description)
            return table?.command.arguments.filter { $0.group != nil } ?? []
        }
        return []
    }()
}

extension OptionTable.Row {
    /// The group in which help shows it; nil for one that help does not show.
    var group: HelpGroup? { discussion.flatMap(HelpGroup.init) }

    /// The names with their hyphens, the short one first: `-o`, `--output`.
    var spellings: [String] {
        (names ?? []).map { $0.kind == "short" ? "-\($0.name)" : "--\($0.name)" }.sorted { $0.count < $1.count }
    }

    /// The names and the name of the value: `-o, --output FILE`.
    var synopsis: String {
        spellings.joined(separator: ", ") + (kind == "option" ? " \(valueName ?? "VALUE")" : "")
    }

    /// The default, which stands in brackets behind the text; empty if there is none.
    var defaultValue: String {
        guard let text = abstract, text.hasSuffix("]"), let start = text.lastIndex(of: "[") else { return "" }
        return String(text[start...].dropFirst().dropLast())
    }
}
