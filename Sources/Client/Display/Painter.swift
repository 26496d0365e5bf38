/// Lines that stay, with a table below them that is drawn over again and again.
struct Painter {
    /// The lengths of the table's lines on the screen.
    private var drawn: [Int] = []

    /// Returns the bytes that add `lines` above the table and make the table `table`.
    ///
    /// The escape sequences are those of ECMA-48: up, and erase to the end of the screen. A line that has become longer
    /// than the screen is wide fills several rows of it.
    mutating func paint(lines: [String], table: [String], columns: Int) -> String {
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
        drawn = table.map(\.count)
        let erase = rows > 0 ? "\r\u{1B}[\(rows)A\u{1B}[J" : ""
        return erase + (lines + table).map { $0 + "\n" }.joined()
    }
}
