import Testing

@testable import Agent

@Suite("Reports of how the capture goes")
struct ReportsTests {
    private let quiet = Counts(packets: 10, bytes: 1184, dropped: 0, truncated: 1)
    private let dropping = Counts(packets: 10, bytes: 1184, dropped: 3, truncated: 1)

    @Test
    func `end with a summary, which names losses where there are any`() throws {
        var losing = quiet
        losing.lost = 2
        let lines = try logged { log in
            Reports(log).summary(quiet)
            Reports(log).summary(losing)
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
            var reports = Reports(log)
            let now = MonotonicClock.now()
            reports.report(quiet, at: now, isAskedFor: false)
            reports.report(dropping, at: now + .milliseconds(1000), isAskedFor: false)
            reports.report(dropping, at: now + .milliseconds(2000), isAskedFor: false)
        }
        #expect(
            lines == [
                #"level=WARN msg="kernel dropped packets, they come faster than they are taken" dropped=3"#
            ])
    }

    @Test
    func `are made when they are asked for`() throws {
        let lines = try logged { log in
            var reports = Reports(log)
            reports.report(quiet, at: MonotonicClock.now(), isAskedFor: true)
        }
        #expect(lines == ["level=INFO msg=capturing packets=10 bytes=1184 dropped=0 truncated=1"])
    }

    @Test
    func `are made every five seconds where details are asked for`() throws {
        let lines = try logged(isVerbose: true) { log in
            var reports = Reports(log)
            let start = MonotonicClock.now()
            for second in stride(from: 1, through: 16, by: 1) {
                reports.report(quiet, at: start + .seconds(second) + .milliseconds(100), isAskedFor: false)
            }
        }
        let progress = "level=DEBUG msg=capturing packets=10 bytes=1184 dropped=0 truncated=1"
        #expect(lines == [progress, progress, progress])
    }

    @Test
    func `wake nobody up where nothing is captured and no details are asked for`() throws {
        _ = try logged { log in
            let reports = Reports(log)
            #expect(reports.nextDue == .distantFuture)
        }
        _ = try logged(isVerbose: true) { log in
            #expect(Reports(log).nextDue < .distantFuture)
        }
    }

    @Test
    func `are due from time to time`() throws {
        _ = try logged { log in
            var reports = Reports(log)
            let now = MonotonicClock.now()
            #expect(reports.isDue(at: now))
            reports.report(quiet, at: now, isAskedFor: false)
            #expect(!reports.isDue(at: now + .milliseconds(200)))
            #expect(reports.isDue(at: now + .milliseconds(300)))
            reports.report(dropping, at: now + .milliseconds(300), isAskedFor: false)
            #expect(!reports.isDue(at: now + .milliseconds(400)))
        }
    }
}
