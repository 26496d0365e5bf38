/// A line for each instance, one for their sum, and the state of the run below them.
enum StatusTable {
    /// A column of the table.
    private enum Column: CaseIterable {
        case instance, state, packets, bytes, rate, dropped, truncated

        /// Whether its texts are numbers, which stand to the right.
        var isNumber: Bool { self != .instance && self != .state }
    }

    /// The columns that a narrow terminal has no room for, the first of them first.
    private static let dispensable: [Column] = [.rate, .bytes, .truncated, .dropped, .packets]

    /// The lines, for a terminal of this size. None is wider than it, so that each takes one row.
    static func lines(_ statuses: [InstanceStatus], _ run: RunStatus? = nil, size: TerminalSize) -> [String] {
        let width = max(1, size.columns - 1)
        // The heading, one instance, the sum, the line of those left out, and the one that the cursor stands in.
        let runLines = run?.lines(columns: width).prefix(max(0, size.rows - 5)) ?? []
        let shown = choose(statuses, atMost: max(1, size.rows - 4 - runLines.count))
        var rows = [heading] + shown.map { cells($0.point.description, $0.state.word, Totals([$0])) }
        let totals = Totals(statuses)
        if statuses.count > 1 { rows.append(cells("all", "", totals)) }
        var lines = align(rows, columns: columns(of: rows, truncated: totals.truncated, width: width))
        if shown.count < statuses.count {
            lines.insert("... and \(statuses.count - shown.count) more", at: 1 + shown.count)
        }
        return lines.map { String($0.prefix(width)) } + runLines
    }

    /// Chooses the rows if there is no room for all: points that do not capture come first, since they may need a person.
    private static func choose(_ statuses: [InstanceStatus], atMost count: Int) -> [InstanceStatus] {
        guard statuses.count > count else { return statuses }
        let order =
            statuses.indices.filter { !statuses[$0].state.isCapturing }
            + statuses.indices.filter { statuses[$0].state.isCapturing }
        return order.prefix(count).sorted().map { statuses[$0] }
    }

    private static let heading: [Column: String] = [
        .instance: "INSTANCE", .state: "STATE", .packets: "PACKETS", .bytes: "BYTES", .rate: "RATE",
        .dropped: "DROPPED", .truncated: "TRUNCATED",
    ]

    private static func cells(_ name: String, _ state: String, _ totals: Totals) -> [Column: String] {
        [
            .instance: name.inColumns, .state: state, .packets: Quantity.count(totals.packets),
            .bytes: Quantity.bytes(Double(totals.bytes)), .rate: Quantity.rate(totals.rate),
            .dropped: dropped(totals), .truncated: Quantity.count(totals.truncated),
        ]
    }

    /// The number dropped, with a plus sign where it is the least that is known.
    private static func dropped(_ totals: Totals) -> String {
        guard let dropped = totals.dropped, dropped > 0 || !totals.isDroppedLeast else { return "-" }
        return Quantity.count(dropped) + (totals.isDroppedLeast ? "+" : "")
    }

    /// Returns the columns that fit the width. A part of a number would be another number, so columns go as a whole.
    private static func columns(of rows: [[Column: String]], truncated: Int, width: Int) -> [Column] {
        var columns = Column.allCases.filter { $0 != .truncated || truncated > 0 }
        for column in dispensable where align(rows, columns: columns)[0].count > width {
            columns.removeAll { $0 == column }
        }
        return columns
    }

    /// Returns the lines of rows, with texts to the left of their columns and numbers to the right.
    private static func align(_ rows: [[Column: String]], columns: [Column]) -> [String] {
        let widths = columns.map { column in rows.map { $0[column]?.count ?? 0 }.max() ?? 0 }
        return rows.map { row in
            zip(columns, widths).map { column, width in
                let text = row[column] ?? ""
                let padding = String(repeating: " ", count: width - text.count)
                return column.isNumber ? padding + text : text + padding
            }.joined(separator: "  ")
        }
    }
}

extension InstanceStatus.State {
    /// The state in one word.
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
