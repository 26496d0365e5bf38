import SystemPackage
import Testing

@testable import Client

@Suite("Reports")
struct ReportsTests {
    private let statuses = [
        status(0, .capturing, packets: 1000, bytes: 2_000_000, rate: 300, dropped: 0), status(1, .waiting),
        status(2, .failed("session cut"), packets: 1, bytes: 60, dropped: 2),
    ]

    @Test
    func `of progress are one line`() {
        #expect(
            Reports.progress(statuses)
                == "1,001 packets, 2.0 MB, 300 B/s, 2 dropped; 1 of 3 instances capturing; web/1 waiting, web/2 failed")
        #expect(
            Reports.progress([status(0, .capturing)])
                == "0 packets, 0 B, 0 B/s, dropped not known; 1 of 1 instances capturing")
        #expect(Reports.progress((0..<9).map { status($0, .waiting) }).hasSuffix("web/4 waiting and 4 more"))
    }

    @Test(arguments: [
        (OutputError.failed(path: "x", .noSpace), true), (.cut(path: "x", .ioError), true), (.compression("x"), true),
        (.lost("x"), false),
    ])
    func `of a failed output tell how much is in it, where that is known`(failure: OutputError, isKnown: Bool) {
        let text = Reports.failure(failure, written: 1153, of: 1156)
        #expect(text.hasSuffix("; 1,153 of the 1,156 packets that came are in it") == isKnown)
    }

    @Test
    func `tell of truncated packets where there are any`() {
        var truncated = status(0, .ended, packets: 249, bytes: 300, dropped: 0)
        truncated.truncated = 188
        let other = status(1, .ended, packets: 1, bytes: 60, dropped: 0)
        #expect(
            Reports.summary([truncated, other], order: OrderReport()) == [
                "web/0: 249 packets, 300 B, 0 dropped, 188 truncated", "web/1: 1 packet, 60 B, 0 dropped",
                "all: 250 packets, 360 B, 0 dropped, 188 truncated",
            ])
        #expect(Reports.progress([truncated]).contains(", 188 truncated; "))
    }

    @Test
    func `at the end call an instance captured whose capture began, though no packet came`() {
        var silent = status(0, .capturing)
        silent.state = .failed("cut")
        let lines = Reports.summary([silent, status(1, .failed("no agent"))], order: OrderReport())
        #expect(lines.count == 2 && lines[0].hasPrefix("web/0: 0 packets") && lines[1] == "web/1: not captured")
    }

    @Test
    func `at the end have a line for each instance, their sum, and what may be wrong`() {
        #expect(
            Reports.summary(
                statuses, order: OrderReport(counts: MergeOrder(late: 1, longestDelay: 1_500_000_000))) == [
                    "web/0: 1,000 packets, 2.0 MB, 0 dropped",
                    "web/2: 1 packet, 60 B, 2 dropped (incomplete)",
                    "web/1: not captured",
                    "all: 1,001 packets, 2.0 MB, 2 dropped",
                    "2 packets dropped: --filter or a smaller --snaplen leaves the instances less to send.",
                    "1 packet came too late to be put in order: --hold 3s waits for them.",
                ])
        #expect(
            Reports.summary([status(0, .ended, packets: 5, bytes: 300, dropped: 0)], order: OrderReport())
                == ["web/0: 5 packets, 300 B, 0 dropped"])
    }

    @Test
    func `tell the least that was dropped where a count is not known`() {
        var cut = status(0, .capturing, packets: 10, bytes: 600, dropped: 3)
        cut.isDroppedLeast = true
        let silent = status(1, .capturing, packets: 1, bytes: 60)
        let known = status(2, .ended, packets: 1, bytes: 60, dropped: 0)
        #expect(
            Reports.summary([cut, known], order: OrderReport()).prefix(3) == [
                "web/0: 10 packets, 600 B, at least 3 dropped", "web/2: 1 packet, 60 B, 0 dropped",
                "all: 11 packets, 660 B, at least 3 dropped",
            ])
        #expect(
            Reports.summary([silent, known], order: OrderReport())[2] == "all: 2 packets, 120 B, dropped not known")
    }

    @Test
    func `tell of clocks that differ, and advise a longer hold only where it helps`() {
        func cautions(_ seconds: Int64) -> [String] {
            let clocks = OrderReport.difference(
                of: ["web/0 eth0": 0, "web/1 eth0": seconds * 1_000_000_000, "web/2 eth0": 5], hold: .seconds(1))
            return Reports.cautions(
                [], order: OrderReport(counts: MergeOrder(late: 5, longestDelay: 7, misplaced: 9), clocks: clocks))
        }
        #expect(
            cautions(5) == [
                "The clocks of web/0 eth0 and web/1 eth0 differ by 5.0 s: the packets of each are in order, or all together "
                    + "with --hold 7s."
            ])
        #expect(
            cautions(-3660) == [
                "The clocks of web/1 eth0 and web/2 eth0 differ by 61 minutes: the packets of each are in order."
            ])
        #expect(cautions(1) == ["5 packets came too late to be put in order: --hold 2s waits for them."])
        let processors = MergeOrder(late: 1, longestDelay: 7, disordered: 2, longestStep: 3000)
        #expect(
            Reports.cautions([], order: OrderReport(counts: processors)) == [
                "1 packet came too late to be put in order: --hold 2s waits for them.",
                "2 packets came behind later ones of the same instance, whose order is kept.",
            ])
        #expect(
            Reports.cautions([], order: OrderReport(counts: MergeOrder(misplaced: 1, ahead: 2))) == [
                "1 packet could not be put in order: a clock was set during the capture.",
                "2 packets stamped ahead of the time: written where they came, like all others.",
            ])
    }

    @Test
    func `name the output that is not read, and for how long`() {
        let start = ContinuousClock.now
        func text(_ isLive: Bool) -> String {
            let pending = OutputWatch.PendingWrite(name: "standard output", isLive: isLive, since: start)
            return Reports.abandoned("x", pending, at: start + .milliseconds(7400))
        }
        #expect(text(true).hasPrefix("'standard output' is not read: it has taken nothing for 7"))
        #expect(text(false).contains("cannot be written: its disk has taken nothing"))
        #expect(Reports.abandoned("x", nil, at: start) == "the output 'x' was not taken in time: its end is missing")
    }

    @Test
    func `announce what scripts look for`() {
        #expect(Announcements.starting(on: nil) == "Starting capture on all instances.")
        #expect(Announcements.starting(on: [1...1]) == "Starting capture on instances: 1.")
        #expect(Announcements.starting(on: [0...0, 2...4]) == "Starting capture on instances: 0,2-4.")
        #expect(Announcements.capturing == "Capturing, press ^C to stop...")
        let one = SavedFiles(paths: ["capture.pcap"], removed: 0)
        #expect(Announcements.saved(one) == "Saved capture to 'capture.pcap'.")
    }

    @Test
    func `tell where the capture is, and which files are there no more`() {
        let one = SavedFiles(paths: ["x.pcap"], removed: 0)
        #expect(
            Announcements.saved(one, missing: 1)
                == "Saved capture to 'x.pcap', which --on-file has moved or removed.")
        let set = SavedFiles(paths: ["a", "b", "c"], removed: 7)
        let text = "Saved capture to 3 files, 'a' to 'c' (7 older ones were removed, as --keep says)"
        #expect(Announcements.saved(set) == text + ".")
        #expect(Announcements.saved(set, missing: 2) == text + ", 2 of which --on-file has moved or removed.")
        #expect(Announcements.saved(set, missing: 3) == text + ", all of which --on-file has moved or removed.")
    }

    @Test
    func `announce how files rotate`() throws {
        let text = "A new file begins after 10 KB, the first is 'x'"
        let rotation = try Rotation("10KB")
        #expect(Announcements.rotating(rotation, keep: nil, first: "x") == text + ".")
        #expect(
            Announcements.rotating(rotation, keep: 1, first: "x")
                == text + "; the last one that is complete is kept beside it.")
        #expect(
            Announcements.rotating(rotation, keep: 2, first: "x")
                == text + "; the last 2 that are complete are kept beside it.")
    }

    @Test
    func `of progress tell the run's state as well`() {
        let run = RunStatus(
            elapsed: .seconds(754), duration: nil,
            output: OutputProgress(file: "x.pcap", size: 12_300_000, completeFiles: nil), event: nil)
        #expect(
            Reports.progress([status(0, .capturing)], run).hasSuffix(
                "; 1 of 1 instances capturing; 12:34 elapsed; 'x.pcap' has 12.3 MB"))
    }
}
