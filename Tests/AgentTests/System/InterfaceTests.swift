import CLinux
import Testing

@testable import Agent

@Suite("Network interfaces")
struct InterfaceTests {
    @Test
    func `are found in the kernel's list`() throws {
        let loopback = try Interface("lo")
        #expect(loopback.name == "lo")
        let index = unsafe if_nametoindex("lo")
        #expect(UInt32(loopback.index) == index)
        #expect(try Interface("any").index == 0)
        #expect(try Interface("any").name == "any")
        #expect(loopback.isLoopback)
        #expect(try !Interface("any").isLoopback)
    }

    @Test
    func `have the kernel's name if they are found by an alias`() throws {
        // A colon begins the name of an alias (netdevice(7)).
        #expect(try Interface("lo:0").name == "lo")
    }

    @Test(arguments: [
        "", "eth99", "LO", "lo ", "Any", "/dev/net/tun", "../lo", "usbmon0", "nflog", "bluetooth0", "dbus-system",
    ])
    func `are refused if they do not exist, with the names of the existing ones`(_ name: String) throws {
        let failure = #expect(throws: Failure.self) { try Interface(ByteString(text: name)) }
        let words = try #require(failure).description
        #expect(words.hasPrefix("failed to open device \(ByteString(text: name)): no such interface, there are "))
        #expect(words.contains("lo" as ByteString))
        #expect(words.hasSuffix(", any"))
    }

    @Test
    func `are refused if the name has 5,000 characters`() {
        #expect(throws: Failure.self) { try Interface("x".repeated(5000)) }
    }
}
