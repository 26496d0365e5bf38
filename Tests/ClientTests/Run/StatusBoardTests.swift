import Testing

@testable import Client

@Suite("The board of instances")
struct StatusBoardTests {
    private let id = CapturePoint(InstanceID(process: "web", index: 0), interface: "eth0")

    private func counts(dropped: Int, truncated: Int) -> AgentCounts? {
        let line = "time=t level=DEBUG msg=capturing packets=9 dropped=\(dropped) truncated=\(truncated)"
        return LogEntry(Array(line.utf8)).flatMap { AgentCounts($0) }
    }

    @Test
    func `goes on with the counts of an instance that is joined again`() throws {
        let board = StatusBoard()
        for (dropped, truncated) in [(1, 10), (2, 20)] {
            board.set(id, .capturing)
            board.setCounts(id, try #require(counts(dropped: dropped, truncated: truncated)))
            board.endSession(id, hasLastCounts: true)
        }
        #expect(board.statuses.map(\.dropped) == [3] && board.statuses.map(\.truncated) == [30])
    }
}
