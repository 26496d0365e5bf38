import Testing

@testable import Client

func status(
    _ index: Int, _ state: InstanceStatus.State, packets: Int = 0, bytes: Int = 0, rate: Double = 0, dropped: Int? = nil
) -> InstanceStatus {
    var status = InstanceStatus(CapturePoint(InstanceID(process: "web", index: index), interface: "eth0"))
    status.state = state
    status.packets = packets
    status.bytes = bytes
    status.rate = rate
    status.dropped = dropped
    return status
}

@Suite("The table of instances")
struct StatusTableTests {
    @Test
    func `has a line for each and one for all`() {
        let lines = StatusTable.lines(
            [
                status(0, .capturing, packets: 12_345, bytes: 1_234_567, rate: 1500, dropped: 3),
                status(10, .waiting), status(11, .failed("no agent"), packets: 1, bytes: 60),
            ], size: TerminalSize(columns: 80, rows: 24))
        #expect(
            lines == [
                "INSTANCE  STATE      PACKETS   BYTES      RATE  DROPPED",
                "web/0     capturing   12,345  1.2 MB  1.5 kB/s        3",
                "web/10    waiting          0     0 B     0 B/s        -",
                "web/11    failed           1    60 B     0 B/s        -",
                "all                   12,346  1.2 MB  1.5 kB/s       3+",
            ])
    }

    @Test
    func `tells that a number dropped is not known, or the least`() {
        func dropped(_ statuses: [InstanceStatus]) -> [String] {
            StatusTable.lines(statuses, size: TerminalSize()).dropFirst().map {
                String($0.split(separator: " ").last ?? "")
            }
        }
        let unknown = status(1, .capturing, packets: 5)
        #expect(dropped([status(0, .capturing, packets: 1, dropped: 0), unknown]) == ["0", "-", "-"])
        #expect(dropped([status(0, .capturing, packets: 1, dropped: 2), unknown]) == ["2", "-", "2+"])
    }

    @Test
    func `has a column for truncated packets where there are any`() {
        var truncated = status(1, .capturing, packets: 9, dropped: 0)
        truncated.truncated = 7
        let lines = StatusTable.lines([status(0, .capturing, dropped: 0), truncated], size: TerminalSize())
        #expect(lines.map { $0.split(separator: " ").last ?? "" } == ["TRUNCATED", "0", "7", "7"])
    }

    @Test
    func `is no wider than the terminal`() {
        let lines = StatusTable.lines([status(0, .capturing)], size: TerminalSize(columns: 20, rows: 24))
        #expect(lines == ["INSTANCE  STATE    ", "web/0     capturing"])
        #expect(
            StatusTable.lines([status(0, .capturing)], size: TerminalSize(columns: 1, rows: 1)).allSatisfy {
                $0.count == 1
            })
    }

    @Test
    func `is no higher than the terminal, and keeps those that may need something`() {
        let statuses = (0..<50).map { status($0, $0 == 40 ? .waiting : .capturing) }
        let lines = StatusTable.lines(statuses, size: TerminalSize(columns: 80, rows: 8))
        #expect(
            lines.map { $0.prefix(11) } == [
                "INSTANCE  S", "web/0     c", "web/1     c", "web/2     c", "web/40    w", "... and 46 ", "all        ",
            ])
    }

    @Test
    func `leaves out whole columns where it is too narrow, and no digits`() {
        let statuses = [status(0, .capturing, packets: 1_234_567, bytes: 1_234_567_890, rate: 1500, dropped: 71_300)]
        #expect(
            StatusTable.lines(statuses, size: TerminalSize(columns: 50, rows: 24)) == [
                "INSTANCE  STATE        PACKETS   BYTES  DROPPED", "web/0     capturing  1,234,567  1.2 GB   71,300",
            ])
        #expect(
            StatusTable.lines(statuses, size: TerminalSize(columns: 40, rows: 24)) == [
                "INSTANCE  STATE        PACKETS  DROPPED", "web/0     capturing  1,234,567   71,300",
            ])
        #expect(
            StatusTable.lines(statuses, size: TerminalSize(columns: 33, rows: 24)) == [
                "INSTANCE  STATE        PACKETS", "web/0     capturing  1,234,567",
            ])
    }

    @Test
    func `has the run's state below it, as far as the terminal is high`() {
        let run = RunStatus(
            elapsed: .seconds(5), duration: .seconds(60),
            output: OutputProgress(file: "x_00003_20261130013000.pcapng", size: 99, completeFiles: 2),
            event: .awaited(["--until 'udp'"]))
        let statuses = (0..<3).map { status($0, .capturing) }
        let below = [
            "0:05 of 1:00", "'x_00003_20261130013000.pcapng' has 99 B", "2 complete files kept",
            "waiting for --until 'udp'",
        ]
        let lines = StatusTable.lines(statuses, run, size: TerminalSize(columns: 41, rows: 24))
        #expect(lines.count == 9 && lines.suffix(4) == below[...])
        for rows in 1...12 {
            let lines = StatusTable.lines(statuses, run, size: TerminalSize(columns: 41, rows: rows))
            #expect(lines.count < max(5, rows) && lines[1].hasPrefix("web/0"), "\(rows) rows: \(lines)")
        }
    }

    @Test
    func `cannot be commanded by a name`() {
        let hostile = InstanceStatus(CapturePoint(InstanceID(process: "\u{1B}[2J\n", index: 0), interface: "eth0"))
        let lines = StatusTable.lines([hostile], size: TerminalSize())
        #expect(lines[1].hasPrefix("\\u{1b}[2J\\u{a}/0  starting"))
    }
}
