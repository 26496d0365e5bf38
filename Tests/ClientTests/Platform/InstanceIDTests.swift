import Testing

@testable import Client

@Suite struct InstanceIDTests {
    @Test func anInstanceIsWrittenAsPeopleWriteIt() {
        #expect(InstanceID(process: "web", index: 3).description == "web/3")
    }
}
