import Testing

@testable import Client

@Suite("A request of Wireshark")
struct ExtcapRequestTests {
    private func request(_ words: String...) throws -> ExtcapRequest? { try ExtcapRequest(words) }

    @Test
    func `is told from a person's command line`() throws {
        #expect(try request("demo", "--interface", "lo") == nil)
        #expect(try request("--extcap-interfaces", "--extcap-version=4.0") == .interfaces)
        #expect(try request("--extcap-dlts", "--extcap-interface", "cf-pcap") == .linkTypes)
        #expect(try request("--extcap-config", "--extcap-interface", "cf-pcap") == .configuration)
        #expect(
            try request("--extcap-config", "--extcap-interface", "cf-pcap", "--extcap-reload-option", "app")
                == .reload(field: "app"))
    }

    @Test
    func `to capture becomes a command line of this program`() throws {
        let request = try request(
            "--capture", "--extcap-interface", "cf-pcap", "--fifo", "/tmp/f", "--app", "my app", "--process", "worker",
            "--interface", "lo", "--new-in-a-later-wireshark", "x", "--app-instance-index", "")
        #expect(
            request
                == .capture(
                    fifo: "/tmp/f",
                    arguments: [
                        "--process=worker", "--interface=lo", "--output=/tmp/f", "--format=pcapng", "--quiet", "--",
                        "my app",
                    ]))
    }

    @Test(
        arguments: [
            ([], nil), (["--filter", "port 80"], "--filter=port 80"),
            (["--extcap-capture-filter", "tcp"], "--filter=tcp"),
            (["--extcap-capture-filter", "tcp or udp", "--filter", "port 80"], "--filter=(tcp or udp) and (port 80)"),
        ] as [([String], String?)])
    func `joins the filters of Wireshark's window and of the dialog`(words: [String], filter: String?) throws {
        let request = try ExtcapRequest(
            ["--capture", "--extcap-interface", "cf-pcap", "--fifo", "f", "--app", "a"] + words)
        guard case .capture(_, let arguments) = request else { return #expect(Bool(false), "no capture") }
        #expect(arguments.first { $0.hasPrefix("--filter") } == filter)
    }

    @Test(arguments: [
        ["--extcap-dlts", "--extcap-interface", "eth0"], ["--capture", "--extcap-interface", "cf-pcap", "--app", "a"],
        ["--capture", "--extcap-interface", "cf-pcap", "--fifo", "f"],
        ["--capture", "--extcap-interface", "cf-pcap", "--fifo", "f", "--app", ""],
    ])
    func `that cannot be answered is refused`(words: [String]) {
        #expect(throws: UsageError.self) { try ExtcapRequest(words) }
    }

    @Test
    func `never makes an option of a field's value`() throws {
        let request = try ExtcapRequest([
            "--capture", "--extcap-interface", "cf-pcap", "--fifo", "f", "--app", "--output=x", "--filter", "--force",
        ])
        guard case .capture(_, let arguments) = request else { return #expect(Bool(false), "no capture") }
        #expect(arguments.suffix(2) == ["--", "--output=x"] && arguments.contains("--filter=--force"))
        #expect(throws: UsageError.self) { try CommandLineArguments(arguments).invocation() }
    }
}

@Suite("The answers to Wireshark")
struct ExtcapAnswerTests {
    @Test
    func `have a field for every choice, whose name is that of the option`() {
        for field in ExtcapField.all where field.option != "--app" {
            #expect(OptionTable.rows.contains { $0.spellings.contains(field.option) })
        }
        let lines = ExtcapAnswer.configuration.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("arg ") } == 5)
        #expect(lines.contains("value {arg=3}{value=lo}{display=lo}{default=false}"))
    }

    @Test
    func `leave out names that would be read as something else`() {
        #expect(
            ExtcapAnswer.apps(["a", "b{c}", "d\u{1B}", "e f"])
                == "value {arg=0}{value=a}{display=a}{default=false}\n"
                + "value {arg=0}{value=e f}{display=e f}{default=false}\n")
    }

    @Test
    func `are linked where this Wireshark looks for them`() {
        let old = "Temp:                \t/tmp\nPersonal configuration:\t/home/me/.config/wireshark\n"
        let new = old + "Personal Extcap path:\t/home/me/.local/lib/wireshark/extcap\n"
        #expect(ExtcapLink.personalFolder(in: old) == "/home/me/.config/wireshark/extcap")
        #expect(ExtcapLink.personalFolder(in: new) == "/home/me/.local/lib/wireshark/extcap")
        #expect(ExtcapLink.personalFolder(in: "nothing\nPersonal configuration:\n") == nil)
    }
}
