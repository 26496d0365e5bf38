import Testing

@testable import Client

@Suite("Notices that wait for others like them")
struct PendingNoticesTests {
    private let start = ContinuousClock.now
    private let id = CapturePoint(InstanceID(process: "web", index: 0), interface: "eth0")

    @Test
    func `are due a moment after the last, and after two seconds at most`() {
        var notices = PendingNotices()
        #expect(notices.due == nil)
        let isFirst = notices.add(id, "error: x", at: start)
        #expect(isFirst)
        #expect(notices.due == start + PendingNotices.pause)
        for step in 1...30 {
            let isFirst = notices.add(id, "error: x", at: start + .milliseconds(step * 100))
            #expect(!isFirst)
        }
        #expect(notices.due == start + PendingNotices.longestWait)
        let lines = notices.removeAll()
        #expect(lines == ["web/0: error: x (and 30 times more)"])
        #expect(notices.due == nil)
        let isFirstAgain = notices.add(id, "error: x", at: start + .seconds(9))
        #expect(isFirstAgain)
    }

    @Test
    func `keep their order, and their kinds apart`() {
        var notices = PendingNotices()
        for (kind, index) in [("error", 5), ("warning", 1), ("error", 7), ("error", 6)] {
            _ = notices.add(
                CapturePoint(InstanceID(process: "web", index: index), interface: "eth0"), "\(kind): x", at: start)
        }
        let lines = notices.removeAll()
        #expect(lines == ["web/5-7: error: x", "web/1: warning: x"])
    }

    @Test
    func `name the interface where a run captures several`() {
        var notices = PendingNotices()
        for (index, interface) in [(0, "eth0"), (0, "lo"), (1, "eth0")] {
            let instance = InstanceID(process: "web", index: index)
            _ = notices.add(
                CapturePoint(instance, interface: interface, isOneOfSeveral: true), "error: x", at: start)
        }
        #expect(notices.removeAll() == ["web/0-1 eth0, web/0 lo: error: x"])
    }
}
