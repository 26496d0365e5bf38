import Foundation
import Testing

@testable import Client

@Suite("The table of options")
struct OptionTableTests {
    @Test
    func `holds each option of the command line in a group`() {
        let names = OptionTable.rows.flatMap(\.spellings)
        #expect(names.count >= 20 && Set(names).count == names.count)
        for group in HelpGroup.allCases {
            #expect(OptionTable.rows.contains { $0.group == group }, "nothing to \(group)")
        }
        for row in OptionTable.rows {
            #expect(row.abstract?.isEmpty == false, "\(row.synopsis) has no text")
        }
    }

    @Test
    func `is help of at most 40 lines by 80 columns, without the last line's end`() {
        let lines = HelpText.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.count <= 40)
        for line in lines { #expect(line.count <= 80, "\(line)") }
        for row in OptionTable.rows { #expect(HelpText.text.contains(row.synopsis)) }
    }

    @Test
    func `is README's table: the same names, in the same order, with the same defaults`() throws {
        let readme = try String(contentsOfFile: repository + "/README.md", encoding: .utf8)
        let section = try #require(readme.components(separatedBy: "| option | default | |").dropFirst().first)
        let cells = section.split(separator: "\n").dropFirst().prefix { $0.hasPrefix("|") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        let described = OptionTable.rows.filter { !["--help", "--version"].contains($0.spellings.last) }
        #expect(cells.map { Set(names(in: $0[0])) } == described.map { Set($0.spellings) })
        for (cells, row) in zip(cells, described) {
            let value = cells[1].replacing("`", with: "")
            #expect(value == row.defaultValue, "the default of \(row.synopsis)")
        }
    }

    /// The options among the words of a cell: `-i` and `--app-instance-index`.
    private func names(in cell: String) -> [String] {
        cell.split { " ,`".contains($0) }.map(String.init).filter { $0.hasPrefix("-") }
    }

    private var repository: String {
        #filePath.components(separatedBy: "/Tests/")[0]
    }
}
