import Testing

@testable import Client

/// The options two by two: each pair has a meaning, or is refused.
@Suite("Pairs of options")
struct OptionPairsTests {
    /// The options with a value, and with the option without which they have no meaning.
    private static let options: [(name: String, words: [String])] = [
        ("--process", ["--process", "worker"]), ("-i", ["-i", "0"]), ("--interface", ["--interface", "lo"]),
        ("--host", ["--host", "10.0.0.1"]), ("--port", ["--port", "80"]), ("--proto", ["--proto", "tcp"]),
        ("--tcp-flags", ["--tcp-flags", "syn"]), ("--filter", ["--filter", "ip"]), ("--snaplen", ["--snaplen", "100"]),
        ("--text", ["--text"]), ("--json", ["--json"]), ("--wireshark", ["--wireshark"]),
        ("--display-filter", ["--text", "-Y", "http"]), ("--list", ["--list"]),
        ("--check", ["--check"]), ("-o FILE", ["-o", "x.pcapng"]), ("-o -", ["-o", "-"]),
        ("--format", ["--format", "pcapng"]), ("--force", ["--force"]), ("--rotate", ["--rotate", "10MB"]),
        ("--keep", ["--rotate", "10MB", "--keep", "3"]), ("--on-file", ["--on-file", "ls {}"]),
        ("--hold", ["--hold", "2"]), ("--duration", ["--duration", "5s"]), ("--until", ["--until", "udp"]),
        ("--until-display", ["--until-display", "http"]), ("--after", ["--until", "udp", "--after", "2s"]),
        ("--count", ["--count", "5"]), ("-k", ["-k"]), ("--no-follow", ["--no-follow"]), ("--quiet", ["--quiet"]),
        ("--install-extcap", ["--install-extcap"]), ("--uninstall-extcap", ["--uninstall-extcap"]),
    ]

    private static let viewers: Set = ["--text", "--json", "--wireshark"]
    private static let outputs: Set = [
        "-o FILE", "-o -", "--format", "--force", "--rotate", "--keep", "--on-file", "--hold", "--duration", "--until",
        "--until-display", "--after", "--count", "--no-follow", "--display-filter",
    ]

    /// The options that are answered whatever stands beside them, since nothing is captured then.
    private static let answered = ["--help", "--version"]

    /// For each option the options that are refused beside it. All other pairs have the meaning of both.
    private static let refused: [String: Set<String>] = [
        // A question captures nothing.
        "--list": Set(options.map(\.name)).subtracting(["--list", "--json", "--quiet"]),
        "--check": outputs.union(["--text", "--wireshark"]),
        "--install-extcap": Set(options.map(\.name)).subtracting(["--install-extcap", "--quiet"]),
        "--uninstall-extcap": Set(options.map(\.name)).subtracting(["--uninstall-extcap", "--quiet"]),
        // Packets are shown in one way, and standard output is one stream.
        "--text": viewers.subtracting(["--text"]).union(["-o -", "--format", "--force", "--on-file"]),
        "--display-filter": ["--json", "--wireshark", "-o -", "--format", "--force", "--on-file"],
        "--json": viewers.subtracting(["--json"]).union(["-o -", "--format", "--force", "--on-file"]),
        "--wireshark": viewers.subtracting(["--wireshark"]).union(["-o -", "--format", "--force", "--on-file"]),
        "-o -": ["--rotate", "--keep", "--on-file", "-o FILE"],
        // A set never takes the place of files.
        "--force": ["--rotate", "--keep"],
    ]

    @Test
    func `have a meaning, or are refused with the name of one of them and what to type, as the table says`() {
        for (number, one) in Self.options.enumerated() {
            for other in Self.options[(number + 1)...] where Set([one.name, other.name]) != ["-o FILE", "-o -"] {
                let isRefused =
                    Self.refused[one.name]?.contains(other.name) == true
                    || Self.refused[other.name]?.contains(one.name) == true
                let asksForNoApp = [one.name, other.name].contains { $0 == "--list" || $0.hasSuffix("extcap") }
                let words = (asksForNoApp ? [] : ["demo"]) + one.words + other.words
                do {
                    _ = try CommandLineArguments(words).invocation()
                    #expect(!isRefused, "\(one.name) \(other.name)")
                } catch {
                    #expect(isRefused, "\(one.name) \(other.name): \(error)")
                    let names = longNames(in: words)
                    #expect(names.contains { "\(error)".contains($0) }, "\(one.name) \(other.name): \(error)")
                }
            }
        }
    }

    @Test
    func `with help or the version are answered with these`() throws {
        for option in Self.options {
            for answer in Self.answered {
                guard case .show(let text) = try CommandLineArguments(option.words + [answer]).invocation() else {
                    Issue.record("\(option.name) \(answer)")
                    continue
                }
                #expect(text.contains("pcap"))
            }
        }
    }

    @Test
    func `cover every option of the table`() {
        let covered = Set(Self.options.flatMap(\.words) + Self.answered)
        for row in OptionTable.rows {
            #expect(!covered.isDisjoint(with: row.spellings), "\(row.spellings)")
        }
    }

    /// The long names of the options among the words of a command line.
    private func longNames(in words: [String]) -> [String] {
        OptionTable.rows.filter { !Set(words).isDisjoint(with: $0.spellings) }.compactMap(\.spellings.last)
    }

    @Test(arguments: [
        (["--keep", "3"], "--rotate"), (["--after", "2s"], "--until"), (["--display-filter", "http"], "--text"),
    ])
    func `that need another option name it`(words: [String], other: String) {
        let error = #expect(throws: UsageError.self) { try CommandLineArguments(["demo"] + words).invocation() }
        #expect(error?.description.contains(other) == true)
    }
}
