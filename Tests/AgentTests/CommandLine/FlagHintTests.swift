import Testing

@testable import Agent

@Suite("Advice for an unknown flag")
struct FlagHintTests {
    private func hint(_ flag: String) -> String {
        FlagHint.text(for: ByteString(text: flag), interfaces: ["lo", "eth0", "any"]).text
    }

    @Test(arguments: [
        ("i", "did you mean -interface?"),
        ("w", "the capture goes to standard output, which '> FILE' puts into a file"),
        ("c", "'timeout -s INT SECONDS' in front of the command ends a capture by itself"),
        ("s", "did you mean -snaplen?"), ("s0", "did you mean -snaplen?"),
        ("n", "leave it out, packets are written as they come, and nothing is looked up"),
        ("nn", "leave it out, packets are written as they come, and nothing is looked up"),
        ("A", "leave it out, packets are written as they come, and nothing is looked up"),
        ("X", "leave it out, packets are written as they come, and nothing is looked up"),
        ("vv", "did you mean -v?"), ("vvv", "did you mean -v?"), ("D", "the interfaces are lo, eth0, any"),
    ])
    func `names the counterpart of a flag of tcpdump`(_ flag: String, _ advice: String) {
        #expect(hint(flag) == ": \(advice)")
    }

    @Test(arguments: [
        ("Interface", "interface"), ("interfaces", "interface"), ("intreface", "interface"), ("inteface", "interface"),
        ("filters", "filter"), ("fiter", "filter"), ("snaplan", "snaplen"), ("snap-len", "snaplen"),
        ("versoin", nil), ("verison", nil), ("Version", "version"), ("halp", "help"), ("hepl", nil),
        ("inerfce", "interface"), ("inrface", "interface"), ("infce", nil), ("filtr s", nil),
    ])
    func `names the flag that a misspelt one differs from in one letter of four`(_ flag: String, _ meant: String?) {
        #expect(hint(flag) == (meant.map { ": did you mean -\($0)?" } ?? ""))
    }

    @Test(arguments: ["", "yes", "z", "0", "-", "ü", "file", "iface", "G", "duration", "verbose", "r"])
    func `is empty for any other flag`(_ flag: String) {
        #expect(hint(flag) == "")
        #expect(hint(flag + String(repeating: "x", count: 100_000)) == "")
    }
}
