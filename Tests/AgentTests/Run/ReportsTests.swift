import Testing

@testable import Agent

@Suite("Reports of the counts")
struct ReportsTests {
    private let quiet = Counts(packets: 10, bytes: 1184, dropped: 0, truncated: 1)
    private let dropping = Counts(packets: 10, bytes: 1184, dropped: 3, truncated: 1)

    @Test
    func `end with a summary, which names lost packets if there are any`() throws {
        var losing = quiet
        losing.lost = 2
        let lines = try logged { log in
            Reports(log, at: MonotonicClock.now()).summarize(quiet)
            Reports(log, at: MonotonicClock.now()).summarize(losing)
        }
        #expect(
            lines == [
                #"level=INFO msg="stopped capture" packets=10 bytes=1184 dropped=0 truncated=1"#,
                #"level=INFO msg="stopped capture" packets=10 bytes=1184 dropped=0 truncated=1 lost=2"#,
            ])
    }

    @Test
    func `warn of the first drop, once`() throws {
        let lines = try logged { log in
            var reports = Reports(log, at: MonotonicClock.now())
            let now = MonotonicClock.now()
            reports.report(quiet, at: now, isRequested: false)
            reports.report(dropping, at: now + .milliseconds(1000), isRequested: false)
            reports.report(dropping, at: now + .milliseconds(2000), isRequested: false)
        }
        #expect(
            lines == [
                #"level=WARN msg="kernel dropped packets, they come faster than they are taken" dropped=3"#
            ])
    }

    @Test
    func `are made on request`() throws {
        let lines = try logged { log in
            var reports = Reports(log, at: MonotonicClock.now())
            reports.report(quiet, at: MonotonicClock.now(), isRequested: true)
        }
        #expect(lines == ["level=INFO msg=capturing packets=10 bytes=1184 dropped=0 truncated=1"])
    }

    @Test
    func `are made every five seconds if the log is verbose`() throws {
        let lines = try logged(isVerbose: true) { log in
            var reports = Reports(log, at: MonotonicClock.now())
            let start = MonotonicClock.now()
            for second in stride(from: 1, through: 16, by: 1) {
                reports.report(quiet, at: start + .seconds(second) + .milliseconds(100), isRequested: false)
            }
        }
        let progress = "level=DEBUG msg=capturing packets=10 bytes=1184 dropped=0 truncated=1"
        #expect(lines == [progress, progress, progress])
    }

    @Test
    func `wake up the loop if the log is verbose, and not otherwise`() throws {
        _ = try logged { log in
            let reports = Reports(log, at: MonotonicClock.now())
            #expect(reports.nextReport == .distantFuture)
        }
        _ = try logged(isVerbose: true) { log in
            #expect(Reports(log, at: MonotonicClock.now()).nextReport < .distantFuture)
        }
    }

    @Test
    func `are due every 250 ms while there are packets`() throws {
        _ = try logged { log in
            var reports = Reports(log, at: MonotonicClock.now())
            let now = MonotonicClock.now()
            #expect(reports.isDue(at: now))
            reports.report(quiet, at: now, isRequested: false)
            #expect(!reports.isDue(at: now + .milliseconds(200)))
            #expect(reports.isDue(at: now + .milliseconds(300)))
            reports.report(dropping, at: now + .milliseconds(300), isRequested: false)
            #expect(!reports.isDue(at: now + .milliseconds(400)))
        }
    }
}
