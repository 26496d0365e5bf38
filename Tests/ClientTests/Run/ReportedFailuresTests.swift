import Testing

@testable import Client

@Suite("Failures that were reported")
struct ReportedFailuresTests {
    private let id = CapturePoint(InstanceID(process: "web", index: 0), interface: "eth0")

    private func reset(_ port: Int) -> SessionFailure {
        SessionFailure(.unreachable, "read tcp 10.0.0.1:\(port)->10.0.0.2:2222: connection reset by peer")
    }

    @Test
    func `are not new at the next attempt, until a capture has begun`() {
        var reported = ReportedFailures()
        let failures = [reset(40001), reset(52222), SessionFailure(.noAgent, "no agent"), reset(40001)]
        let areNew = failures.map { reported.add($0, of: id) }
        #expect(areNew == [true, false, true, true])
        let isNewOfAnother = reported.add(
            reset(40001), of: CapturePoint(InstanceID(process: "web", index: 1), interface: "eth0"))
        reported.remove(id)
        let isNewAfterCapture = reported.add(reset(40001), of: id)
        #expect(isNewOfAnother && isNewAfterCapture)
    }
}
