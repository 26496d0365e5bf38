import Testing

@testable import Agent

@Suite("The usage text")
struct UsageTests {
    @Test(arguments: ["-interface", "-filter", "-snaplen", "-v", "-version", "-help"])
    func `names every flag at the start of a line`(_ flag: String) {
        let starts = usage.text.split(separator: "\n").map { line in
            line.drop { $0 == " " }.split(separator: " ").prefix(2).map { $0.filter { $0 != "," } }
        }
        #expect(starts.contains { $0.contains(flag) })
    }

    @Test
    func `has a line for each flag that sets an option`() {
        for flag in FlagDefinition.all { #expect(usage.contains("\n  -\(flag.name) " as ByteString)) }
    }

    @Test
    func `gives the limits of the agent`() {
        #expect(
            usage.contains("1 to \(Options.largestSnaplen); 0 for the default, \(Options.defaultSnaplen)" as ByteString)
        )
    }

    @Test
    func `fits a terminal of 120 columns`() {
        #expect(usage.text.split(separator: "\n").allSatisfy { $0.count <= 120 })
        #expect(usage.hasSuffix("\n"))
    }
}
