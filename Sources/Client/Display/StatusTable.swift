/// A line for each instance, and one for their sum.
enum StatusTable {
    /// The lines, for a terminal of this size. None is wider than it, so that each takes one row.
    static func lines(_ statuses: [InstanceStatus], size: TerminalSize) -> [String] {
        // The heading, the sum, the line of those left out, and the one that the cursor stands in.
        let shown = choose(statuses, atMost: max(1, size.rows - 4))
        let totals = Totals(statuses)
        var rows = [["INSTANCE", "STATE", "PACKETS", "BYTES", "RATE", "DROPPED", "TRUNCATED"]]
        rows += shown.map { cells($0.point.description, $0.state.word, Totals([$0])) }
        if statuses.count > 1 { rows.append(cells("all", "", totals)) }
        if totals.truncated == 0 { rows = rows.map { $0.dropLast() } }
        var lines = align(rows)
        if shown.count < statuses.count {
            lines.insert("... and \(statuses.count - shown.count) more", at: 1 + shown.count)
        }
        return lines.map { String($0.prefix(max(1, size.columns - 1))) }
    }

    /// Chooses the rows if there is no room for all: points that do not capture come first, since they may need a person.
    private static func choose(_ statuses: [InstanceStatus], atMost count: Int) -> [InstanceStatus] {
        guard statuses.count > count else { return statuses }
        let order =
            statuses.indices.filter { !statuses[$0].state.isCapturing }
            + statuses.indices.filter { statuses[$0].state.isCapturing }
        return order.prefix(count).sorted().map { statuses[$0] }
    }

    private static func cells(_ name: String, _ state: String, _ totals: Totals) -> [String] {
        [
            name.inColumns, state, Quantity.count(totals.packets), Quantity.bytes(Double(totals.bytes)),
            Quantity.rate(totals.rate), dropped(totals), Quantity.count(totals.truncated),
        ]
    }

    /// The number dropped, with a plus sign where it is the least that is known.
    private static func dropped(_ totals: Totals) -> String {
        guard let dropped = totals.dropped, dropped > 0 || !totals.isDroppedLeast else { return "-" }
        return Quantity.count(dropped) + (totals.isDroppedLeast ? "+" : "")
    }

    /// Columns of texts to the left, of numbers to the right.
    private static func align(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return column < 2 ? text + padding : padding + text
            }
            return cells.joined(separator: "  ")
        }
    }
}

extension InstanceStatus.State {
    /// In one word.
    var word: String {
        switch self {
        case .starting: "starting"
        case .capturing: "capturing"
        case .waiting: "waiting"
        case .ended: "ended"
        case .failed: "failed"
        }
    }

    var isCapturing: Bool {
        if case .capturing = self { true } else { false }
    }
}
