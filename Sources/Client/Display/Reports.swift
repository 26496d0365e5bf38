/// The lines about a capture: its progress where there is no terminal, and its summary.
enum Reports {
    /// The progress in one line: `1,234 packets, 5.6 MB, 7.8 kB/s, 0 dropped; 2 of 3 instances capturing; web/2
    /// waiting; 12:34 elapsed`
    static func progress(_ statuses: [InstanceStatus], _ run: RunStatus? = nil) -> String {
        let totals = Totals(statuses)
        let others = statuses.filter { !$0.state.isCapturing }
        var parts = [
            "\(amounts(totals, rate: totals.rate))",
            "\(statuses.count - others.count) of \(statuses.count) instances capturing",
        ]
        if !others.isEmpty {
            parts.append(Quantity.list(others.map { "\($0.point) \($0.state.word)" }))
        }
        return (parts + (run?.parts ?? [])).joined(separator: "; ")
    }

    /// A line for each instance that was captured, one for the others, one for the sum, and what may be wrong with the
    /// capture. Nothing if none was captured. Why an instance failed was told when it did.
    static func summary(_ statuses: [InstanceStatus], order: OrderReport) -> [String] {
        let captured = statuses.filter(\.wasCaptured)
        guard !captured.isEmpty else { return [] }
        var lines = captured.map { "\($0.point): \(amounts(Totals([$0])))\($0.state.note)" }
        let others = statuses.filter { !$0.wasCaptured }.map(\.point)
        if !others.isEmpty { lines.append("\(InstanceNames.text(others)): not captured") }
        if captured.count > 1 { lines.append("all: \(amounts(Totals(captured)))") }
        return lines + cautions(statuses, order: order)
    }

    /// Returns why not all that came was written, with the number of packets that the output holds, where it is known.
    static func failure(_ failure: OutputError, written: UInt64, of came: Int) -> String {
        switch failure {
        case .failed, .cut, .compression:
            "\(failure); \(Quantity.count(Int(clamping: written))) of the \(Quantity.packets(came)) that came are in it"
        default: "\(failure)"
        }
    }

    /// Returns why an output has no end: `pending` is the write that it has not accepted; nil if that is not known.
    static func abandoned(
        _ output: String, _ pending: OutputWatch.PendingWrite?, at now: ContinuousClock.Instant
    ) -> String {
        guard let pending else { return "the output '\(output)' was not taken in time: its end is missing" }
        let time = Quantity.time(.seconds((now - pending.since).components.seconds))
        return pending.isLive
            ? "'\(pending.name)' is not read: it has taken nothing for \(time), and its end is missing"
            : "'\(pending.name)' cannot be written: its disk has taken nothing for \(time), and its end is missing"
    }

    /// Returns the warnings for a reader of the capture, a line each.
    static func cautions(_ statuses: [InstanceStatus], order: OrderReport) -> [String] {
        var lines: [String] = []
        if let dropped = Totals(statuses).dropped, dropped > 0 {
            lines.append(
                "\(Quantity.packets(dropped)) dropped: --filter or a smaller --snaplen leaves the instances less to send."
            )
        }
        return lines + cautions(order)
    }

    /// Returns the warnings about the order of the packets. A longer hold is advised only where it helps.
    private static func cautions(_ order: OrderReport) -> [String] {
        var lines: [String] = []
        let counts = order.counts
        if let clocks = order.clocks {
            let advice = order.holdSeconds(for: clocks.difference).map { ", or all together with --hold \($0)s" } ?? ""
            lines.append(
                """
                The clocks of \(clocks.behind) and \(clocks.ahead) differ by \(Quantity.time(clocks.difference)): the packets of \
                each are in order\(advice).
                """)
        } else if counts.hasClockStep {
            // Packets of the others were late only against the clock that was ahead, so a longer hold helps nothing.
            lines.append(setClock(counts.late + counts.disordered + counts.misplaced))
        } else if counts.late > 0 {
            let needed =
                order.holdSeconds(for: .nanoseconds(Int64(clamping: counts.longestDelay)))
                ?? TimeSpan.longestHoldSeconds
            lines.append(
                "\(Quantity.packets(counts.late)) came too late to be put in order: --hold \(needed)s waits for them.")
        } else if counts.misplaced > 0 {
            lines.append(setClock(counts.misplaced))
        }
        if counts.disordered > 0, !counts.hasClockStep {
            lines.append(
                "\(Quantity.packets(counts.disordered)) came behind later ones of the same instance, whose order is kept."
            )
        }
        if counts.ahead > 0 {
            lines.append(
                "\(Quantity.packets(counts.ahead)) stamped ahead of the time: written where they came, like all others."
            )
        }
        return lines
    }

    private static func setClock(_ packets: Int) -> String {
        "\(Quantity.packets(packets)) could not be put in order: a clock was set during the capture."
    }

    /// The number dropped, with "at least" where more may have been and nobody still counts.
    private static func dropped(_ totals: Totals) -> String {
        guard let dropped = totals.dropped, dropped > 0 || !totals.isDroppedLeast else { return "dropped not known" }
        return (totals.isDroppedLeast ? "at least " : "") + "\(Quantity.count(dropped)) dropped"
    }

    private static func amounts(_ totals: Totals, rate: Double? = nil) -> String {
        let parts = [
            Quantity.packets(totals.packets), Quantity.bytes(Double(totals.bytes)), rate.map(Quantity.rate),
            dropped(totals), totals.truncated > 0 ? "\(Quantity.count(totals.truncated)) truncated" : nil,
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }
}

extension InstanceStatus {
    /// Whether a capture has begun at the point at any time.
    fileprivate var wasCaptured: Bool {
        switch state {
        case .capturing, .ended: true
        case .starting, .waiting, .failed: hasBegun || packets > 0
        }
    }
}

extension InstanceStatus.State {
    /// The part of a line on an instance that was captured.
    fileprivate var note: String {
        switch self {
        case .starting, .waiting, .failed: " (incomplete)"
        case .capturing, .ended: ""
        }
    }
}
