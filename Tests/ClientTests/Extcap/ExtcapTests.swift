import Testing

@testable import Client

@Suite("A request of Wireshark")
struct ExtcapRequestTests {
    private func request(_ words: String...) throws -> ExtcapRequest? { try ExtcapRequest(words) }

    /// The arguments of this program's own command line for a capture with the fields.
    private func arguments(_ fields: [String]) throws -> [String] {
        let request = try ExtcapRequest(["--capture", "--extcap-interface", "cf-pcap", "--fifo", "f"] + fields)
        guard case .capture(let fifo, let fields) = try #require(request) else { return [] }
        return try ExtcapRequest.arguments(of: fields, fifo: fifo)
    }

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
        let arguments = try arguments([
            "--app", "my app", "--process", "worker", "--interface", "lo", "--new-in-a-later-wireshark", "x",
            "--app-instance-index", "",
        ])
        #expect(
            arguments == [
                "--process=worker", "--interface=lo", "--output=f", "--format=pcapng", "--quiet", "--", "my app",
            ])
    }

    @Test(
        arguments: [
            ([], nil), (["--filter", "port 80"], "--filter=port 80"),
            (["--extcap-capture-filter", "tcp"], "--filter=tcp"),
            (["--extcap-capture-filter", "tcp or udp", "--filter", "port 80"], "--filter=(tcp or udp) and (port 80)"),
        ] as [([String], String?)])
    func `joins the filters of Wireshark's window and of the dialog`(words: [String], filter: String?) throws {
        let arguments = try arguments(["--app", "a"] + words)
        #expect(arguments.first { $0.hasPrefix("--filter") } == filter)
    }

    @Test(arguments: [
        ["--extcap-dlts", "--extcap-interface", "eth0"], ["--capture", "--extcap-interface", "cf-pcap", "--app", "a"],
    ])
    func `that cannot be answered is refused`(words: [String]) {
        #expect(throws: UsageError.self) { try ExtcapRequest(words) }
    }

    @Test(arguments: [[], ["--app", ""]])
    func `to capture no app is refused`(fields: [String]) {
        #expect(throws: UsageError.self) { try arguments(fields) }
    }

    @Test
    func `never makes an option of a field's value`() throws {
        let arguments = try arguments(["--app", "--output=x", "--filter", "--force"])
        #expect(arguments.suffix(2) == ["--", "--output=x"] && arguments.contains("--filter=--force"))
        #expect(throws: UsageError.self) { try CommandLineArguments(arguments).invocation() }
    }
}

@Suite("The FIFO of Wireshark")
struct ExtcapFIFOTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Whether the last of its writers has gone, which ends Wireshark's reader.
    private func hasEnded(_ reader: FileDescriptor) -> Bool {
        var request = pollfd(fd: reader.rawValue, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&request, 1, 0) == 1 && request.revents & Int16(POLLHUP) != 0
    }

    @Test
    func `is open until the process ends, so that its reader sees a failure that was printed before`() throws {
        let path = folder.path + "/fifo"
        #expect(unsafe mkfifo(path, 0o600) == 0)
        let reader = try FileDescriptor.open(FilePath(path), .readOnly, options: [.nonBlocking])
        defer { try? reader.close() }
        _ = try ExtcapFIFO(path)
        #expect(!hasEnded(reader))
        let other = try FileDescriptor.open(FilePath(path), .writeOnly)
        try other.close()
        #expect(!hasEnded(reader))
    }

    @Test
    func `without a reader is given up after a time`() {
        let path = folder.path + "/fifo"
        #expect(unsafe mkfifo(path, 0o600) == 0)
        #expect(throws: UsageError.self) { try ExtcapFIFO(path, waitingAtMost: .milliseconds(120)) }
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
