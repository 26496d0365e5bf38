import Testing

@testable import Agent

@Suite("Strings of bytes")
struct ByteStringTests {
    @Test
    func `are made of interpolated texts, numbers and strings`() {
        let name: ByteString = "lo"
        #expect("\(name): \(-1) of \(UInt64.max)" as ByteString == "lo: -1 of 18446744073709551615")
    }

    @Test
    func `keep bytes that are not UTF-8`() {
        let bytes: [UInt8] = [0xFF, 0x00, 0x80]
        #expect(("<\(ByteString(bytes))>" as ByteString).bytes == [0x3C] + bytes + [0x3E])
    }

    @Test
    func `compare byte by byte, not as text`() {
        // The same character, composed and decomposed. Both are equal as `String`.
        #expect(ByteString(text: "\u{E9}") != ByteString(text: "e\u{301}"))
    }

    @Test
    func `are converted from and to C strings, up to the first NUL`() {
        let copied = unsafe ByteString([0x61, 0xFF, 0x00, 0x62]).withCString { unsafe ByteString(cString: $0) }
        #expect(copied.bytes == [0x61, 0xFF])
        #expect(unsafe ("" as ByteString).withCString { unsafe ByteString(cString: $0) }.isEmpty)
    }

    @Test(arguments: [
        ("sshd", "sshd", true, true), ("sshd-session", "sshd", true, false), ("diego-sshd", "sshd", false, true),
        ("ssh", "sshd", false, false), ("", "", true, true), ("a", "", true, true),
    ])
    func `know their prefixes and suffixes`(_ text: String, _ part: String, _ starts: Bool, _ ends: Bool) {
        #expect(ByteString(text: text).hasPrefix(ByteString(text: part)) == starts)
        #expect(ByteString(text: text).hasSuffix(ByteString(text: part)) == ends)
    }

    @Test
    func `know the strings that they contain`() {
        let text: ByteString = "tcp port 80"
        #expect(text.contains("port" as ByteString))
        #expect(text.contains("tcp port 80" as ByteString))
        #expect(text.contains("80" as ByteString))
        #expect(!text.contains("udp" as ByteString))
        #expect(!text.contains("tcp port 800" as ByteString))
    }

    @Test
    func `are joined with a separator`() {
        #expect(([] as [ByteString]).joined(separator: ", ") == "")
        #expect((["a"] as [ByteString]).joined(separator: ", ") == "a")
        #expect((["a", "", "c"] as [ByteString]).joined(separator: ", ") == "a, , c")
    }
}
