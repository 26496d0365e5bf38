/// What is said of a capture in lines: while it goes on, where there is no terminal, and at its end.
enum Reports {
    /// `1,234 packets, 5.6 MB, 7.8 kB/s, 0 dropped; 2 of 3 instances capturing; web/2 waiting`
    static func progress(_ statuses: [InstanceStatus]) -> String {
        let totals = Totals(statuses)
        let others = statuses.filter { !$0.state.isCapturing }
        var parts = [
            "\(amounts(totals, rate: totals.rate))",
            "\(statuses.count - others.count) of \(statuses.count) instances capturing",
        ]
        if !others.isEmpty {
            let names = others.prefix(5).map { "\($0.id) \($0.state.word)" }
            parts.append(names.joined(separator: ", ") + (others.count > 5 ? " and \(others.count - 5) more" : ""))
        }
        return parts.joined(separator: "; ")
    }

    /// A line for each instance, one for their sum, and what may be wrong with the capture.
    static func summary(_ statuses: [InstanceStatus], late: Int) -> [String] {
        var lines = statuses.map { status in
            "\(status.id): \(amounts(Totals([status])))" + (status.state.reason.map { " (\($0))" } ?? "")
        }
        if statuses.count > 1 { lines.append("all: \(amounts(Totals(statuses)))") }
        return lines + cautions(statuses, late: late)
    }

    /// What a reader of the capture has to know.
    static func cautions(_ statuses: [InstanceStatus], late: Int) -> [String] {
        var lines: [String] = []
        if let dropped = Totals(statuses).dropped, dropped > 0 {
            lines.append(
                "\(Quantity.packets(dropped)) dropped: --filter or a smaller --snaplen leaves the instances less to send."
            )
        }
        // Those of one instance alone come as its processors saw them.
        if late > 0 && statuses.count > 1 {
            lines.append("\(Quantity.packets(late)) came too late to be put in order: a longer --hold waits for them.")
        }
        return lines
    }

    private static func amounts(_ totals: Totals, rate: Double? = nil) -> String {
        let parts = [
            Quantity.packets(totals.packets), Quantity.bytes(Double(totals.bytes)), rate.map(Quantity.rate),
            totals.dropped.map { "\(Quantity.count($0)) dropped" } ?? "dropped not known",
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }
}

extension InstanceStatus.State {
    fileprivate var reason: String? {
        switch self {
        case .failed(let reason): reason
        case .waiting: "does not run"
        case .starting: "never began"
        case .capturing, .ended: nil
        }
    }
}
