import Testing

@testable import Client

@Suite("The end that was asked for")
struct MissingEndTests {
    /// A command line, what came before the end, and what is missing then.
    struct Case: Sendable {
        let arguments: [String]
        let hasEventCome: Bool
        let written: UInt64
        let missing: String?

        init(_ arguments: String..., hasEventCome: Bool = false, written: UInt64, missing: String? = nil) {
            self.arguments = arguments
            self.hasEventCome = hasEventCome
            self.written = written
            self.missing = missing
        }
    }

    @Test(arguments: [
        Case("--count", "10", written: 9, missing: "9 of the 10 packets that --count asks for came before the end"),
        Case("--count", "10", written: 10),
        Case("--count", "10", "--duration", "5s", written: 0, missing: "0 of the 10 packets"),
        Case("--until", "tcp", written: 9, missing: "what --until waits for did not come"),
        Case("--until", "tcp", hasEventCome: true, written: 9),
        Case("--until", "tcp", "--count", "10", written: 10, missing: "what --until waits for did not come"),
        Case("--until", "tcp", "--count", "10", hasEventCome: true, written: 9),
        Case("--until-display", "tcp", written: 1, missing: "what --until-display"),
        Case("--duration", "5s", written: 0),
    ])
    func `is missing where neither the event nor the number of packets came`(_ example: Case) throws {
        let invocation = try CommandLineArguments(["demo"] + example.arguments).invocation()
        guard case .capture(let options) = invocation else { return }
        let missing = options.missingEnd(hasEventCome: example.hasEventCome, written: example.written)
        #expect((missing == nil) == (example.missing == nil))
        #expect(missing?.hasPrefix(example.missing ?? "") != false, "\(missing ?? "nothing")")
    }
}
