import Testing

@testable import Client

@Suite("The interfaces of a file")
struct InterfaceTableTests {
    @Test
    func `take back records of which a format does not say whose they are`() {
        var table = InterfaceTable()
        for number in 0..<2 {
            table.add(
                StreamID(number: number),
                StreamDescription(
                    name: "web/\(number) eth0", description: "", filter: nil, linkType: 1, isNanoseconds: false,
                    snaplen: 65535))
        }
        table.entries[1].written = 3
        for _ in 0..<2 { table.uncount(0) }
        #expect(table.written == 1)
        for _ in 0..<2 { table.uncount(0) }
        #expect(table.written == 0, "never below")
    }
}
