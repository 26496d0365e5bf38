import Testing

@testable import Client

@Suite("Command lines")
struct InvocationTests {
    private func options(_ arguments: String...) throws -> CaptureOptions {
        guard case .capture(let options) = try CommandLineArguments(arguments).invocation() else {
            throw UsageError("no capture")
        }
        return options
    }

    private func mistake(_ arguments: String...) -> String? {
        do throws(UsageError) {
            _ = try CommandLineArguments(arguments).invocation()
            return nil
        } catch {
            return error.description
        }
    }

    @Test
    func `need nothing but an app`() throws {
        let options = try options("demo")
        #expect(options.app == "demo")
        #expect(options.processes == .named("web"))
        #expect(options.indices == nil)
        #expect(options.output == nil)
        #expect(options.outputFormat == OutputFormat(format: .pcap, compression: .none))
        #expect(options.filter == nil)
        #expect(options.interfaces == ["eth0"])
        #expect(options.snaplen == nil)
        #expect(!options.skipHostValidation && !options.quiet && !options.force && !options.wireshark)
        #expect(options.duration == nil)
        #expect(options.hold == .seconds(1))
        #expect(options.follow)
    }

    @Test
    func `take every option of the contract`() throws {
        let options = try options(
            "demo", "--process", "worker", "-i", "0,2-4", "--app-instance-index", "7", "-o", "a.pcapng.zst", "-f",
            "tcp port 80", "--interface", "lo", "--snaplen", "96", "-k", "--duration", "60s", "--hold", "0.5",
            "--quiet",
            "--force", "--no-follow")
        #expect(options.processes == .named("worker"))
        #expect(options.indices == [0...0, 2...4, 7...7])
        #expect(options.output == "a.pcapng.zst")
        #expect(options.outputFormat == OutputFormat(format: .pcapng, compression: .zstd))
        #expect(options.filter == "tcp port 80")
        #expect(options.interfaces == ["lo"])
        #expect(options.snaplen == 96)
        #expect(options.skipHostValidation && options.quiet && options.force)
        #expect(options.duration == .seconds(60))
        #expect(options.hold == .milliseconds(500))
        #expect(!options.follow)
    }

    @Test
    func `name what ends the capture`() throws {
        let options = try options("demo", "--until", "tcp port 80", "--after", "20s", "--count", "500")
        #expect(options.untilFilter == "tcp port 80" && !options.waitsForCrash && options.waitsForEvent)
        #expect(options.timeAfterEvent == .seconds(20) && options.count == 500)
        let crash = try self.options("demo", "--until", "crash")
        #expect(crash.untilFilter == nil && crash.waitsForCrash && crash.waitsForEvent)
        #expect(crash.timeAfterEvent == .seconds(1) && crash.count == nil)
        #expect(try !self.options("demo", "--count", "5").waitsForEvent)
    }

    @Test
    func `show packets, and write a file only where one is named`() throws {
        let text = try options("demo", "--text", "-Y", "http.response")
        #expect(text.printedForm == .text && text.displayFilter == "http.response" && !text.writesFile)
        #expect(text.outputFormat == OutputFormat(format: .pcapng, compression: .none))
        let json = try self.options("demo", "--json", "-o", "a.pcap.gz", "--until-display", "http")
        #expect(json.printedForm == .json && json.writesFile && json.waitsForEvent)
        #expect(json.outputFormat == OutputFormat(format: .pcap, compression: .gzip))
        #expect(try self.options("demo", "--text", "--rotate", "10m").writesFile)
    }

    @Test
    func `have long forms, and options before the app`() throws {
        let options = try options(
            "--output", "-", "--filter=udp", "--skip-host-validation", "--process", "all", "--", "demo")
        #expect(options.app == "demo")
        #expect(options.output == "-")
        #expect(options.filter == "udp")
        #expect(options.skipHostValidation)
        #expect(options.processes == .all)
    }

    @Test
    func `leave a filter as it is`() throws {
        let filter = "host 'a' or \"$(reboot)\"\n; `x` \\ é"
        #expect(try options("demo", "--filter", filter).filter == filter)
        #expect(try options("demo", "--filter=-x").filter == "-x")
    }

    @Test(arguments: [
        ("a.pcap", CaptureOptions.Format.pcap, CaptureOptions.Compression.none), ("a.PCAP.GZ", .pcap, .gzip),
        ("dir.d/x.y.pcapng", .pcapng, .none), (".pcapng.zst", .pcapng, .zstd), ("-", .pcapng, .none),
    ])
    func `tell the format by the name of the output`(
        name: String, format: CaptureOptions.Format, compression: CaptureOptions.Compression
    ) throws {
        let options = try options("demo", "-o", name)
        #expect(options.outputFormat == OutputFormat(format: format, compression: compression))
    }

    @Test
    func `name a format where the output does not`() throws {
        let options = try options("demo", "-o", "-", "--format", "pcap.gz")
        #expect(options.outputFormat == OutputFormat(format: .pcap, compression: .gzip))
        #expect(try self.options("demo", "-o", "out", "--format", "pcapng").outputFormat.format == .pcapng)
        #expect(try self.options("demo", "--format", "pcapng").outputFormat.format == .pcapng)
    }

    @Test(arguments: [
        ([], "the app's name is missing; 'cf apps' lists the names"),
        (["demo", "--what"], "Unknown option '--what'"),
        (["demo", "port 80"], "'port 80' is one argument too many; a filter goes behind --filter"),
        (["demo", "-i"], "Missing value for '-i <INDEX>'"),
        (["demo", "-i", "x"], "The value 'x' is invalid for '-i <INDEX>': write 0 or 2-4 or 0,2-4"),
        (
            ["demo", "-o", "out.txt"],
            "the name 'out.txt' tells no format, let it end in .pcap, .pcapng, and either with .gz"
        ),
        (["demo", "-o", "pcap"], "the name 'pcap' tells no format"),
        (["demo", "-o", "x.gz"], "the name 'x.gz' tells no format"),
        (["demo", "-o", ""], "--output is empty"),
        (["demo", "-o", "a.pcap", "--format", "pcapng"], "--format pcapng is not what the name 'a.pcap' says"),
        (["demo", "--format", "txt"], "The value 'txt' is invalid for '--format <FORMAT>': write pcap or pcapng"),
        (["demo", "--snaplen", "262145"], "The value '262145' is invalid for '--snaplen <BYTES>': write 1 to 262144"),
        (["demo", "--snaplen", "x"], "The value 'x' is invalid for '--snaplen <BYTES>': write 1 to 262144"),
        (["demo", "--duration", "soon"], "The value 'soon' is invalid for '--duration <TIME>': write 60s, 5m or 1h"),
        (["demo", "--duration", "0"], "The value '0' is invalid for '--duration <TIME>'"),
        (["demo", "--hold", "61"], "The value '61' is invalid for '--hold <SECONDS>': write 0 to 60 seconds"),
        (["demo", "-f", String(repeating: "x", count: 120_000)], "--filter has 120000 bytes, more than a command"),
        (["demo", "--until", " "], "--until is empty, write a filter such as"),
        (["demo", "--after", "5s"], "--after is the time behind what --until or --until-display waits for"),
        (
            ["demo", "--until", "udp", "--after", "soon"],
            "The value 'soon' is invalid for '--after <TIME>': write 500ms"
        ),
        (["demo", "--count", "0"], "The value '0' is invalid for '--count <N>': write a number of packets"),
        (["demo", "--count", "-1"], "The value '-1' is invalid for '--count <N>'"),
        (["demo", "--check", "--count", "1"], "--check writes no file, leave out --count"),
        (["demo", "--text", "--json"], "--text and --json show the packets in two ways, leave one of them out"),
        (["demo", "--json", "--wireshark"], "--json and --wireshark show the packets in two ways"),
        (["demo", "--text", "-o", "-"], "--text prints on standard output, name a file with --output"),
        (["demo", "--json", "--format", "pcap"], "--json alone writes no file, leave out --format"),
        (["demo", "--text", "--force"], "--text alone writes no file, leave out --force"),
        (["demo", "-Y", "http"], "--display-filter chooses what --text, --json or --wireshark shows"),
        (["demo", "--text", "-Y", " "], "--display-filter is empty"),
        (["demo", "--until-display", ""], "--until-display is empty"),
        (["demo", "--check", "--text"], "--check writes no file, leave out --text"),
        (["demo", "--hold", "-1"], "-1"),
        (["demo", "-i", "-1"], "-1"),
        (["demo", "--interface", ""], "The value '' is invalid for '--interface <NAME>': write eth0, lo, any"),
        (["demo", "--process", ""], "The value '' is invalid for '--process <PROCESS>'"),
        (["demo", "-o", "/dev/stdout", "--rotate", "10m"], "standard output is one stream"),
        (["demo", "--wireshark", "-o", "-"], "--wireshark takes the place of '-o -'"),
        (["demo", "--wireshark", "--format", "pcap"], "--wireshark alone writes no file"),
        (["demo", "--rotate", "100"], "'100' has no unit, write a size as 100MB, a time as 10m, or both as 100MB,10m"),
        (["demo", "--rotate", "100MiB"], "'MiB' is not a unit"), (["demo", "--rotate", "10M,5MB"], "second limit"),
        (["demo", "--rotate", "1m,10s"], "second limit"), (["demo", "--rotate", "1KB"], "a size of 10KB"),
        (["demo", "--rotate", "0.5s"], "a time of 1s"), (["demo", "--rotate", ""], "write a size as 100MB"),
        (["demo", "--rotate", "-1MB"], "write a size as 100MB"), (["demo", "--rotate", "10S"], "'S' is not a unit"),
        (["demo", "--rotate", "10MB", "-o", "-"], "standard output is one stream"),
        (["demo", "--rotate", "10MB", "--force"], "--force overwrites one file"),
        (["demo", "--keep", "3"], "--keep goes with --rotate"),
        (["demo", "--rotate", "10MB", "--keep", "0"], "write 1 to 9999"),
        ([""], "the app's name is empty"),
        (["--", "-demo"], "the app's name '-demo' begins with '-'"),
    ])
    func `that cannot be carried out get one line with the remedy`(arguments: [String], start: String) throws {
        let line = try #require(
            throws: UsageError.self, performing: { try CommandLineArguments(arguments).invocation() }
        ).description
        #expect(line.contains(start))
        #expect(line.hasSuffix("See 'cf-pcap-client --help'"))
        #expect(!line.contains("\n"))
    }

    @Test
    func `ask for help and the version`() throws {
        func text(_ arguments: String...) throws -> String? {
            guard case .show(let text) = try CommandLineArguments(arguments).invocation() else { return nil }
            return text
        }
        #expect(try text("--version") == "cf-pcap-client 0.1.0\n")
        #expect(try text("--help") == HelpText.text)
        #expect(try text("demo", "-h") == HelpText.text)
    }

    @Test
    func `come from cf with a port`() throws {
        guard case .register(let port) = try CommandLineArguments(["61234", "SendMetadata"]).invocation() else {
            Issue.record("no registration")
            return
        }
        #expect(port == 61234)
        guard case .uninstall = try CommandLineArguments(["61234", "CLI-MESSAGE-UNINSTALL"]).invocation() else {
            Issue.record("no uninstallation")
            return
        }
        #expect(try options("61234", "pcap", "demo", "-i", "1").indices == [1...1])
        #expect(mistake("61234", "pcap")?.hasSuffix("See 'cf help pcap'") == true)
        #expect(CommandLineArguments(["61234", "pcap"]).isPlugin)
    }

    @Test
    func `of people are not taken for cf's`() throws {
        #expect(try options("8080").app == "8080")
        #expect(try options("pcap").app == "pcap")
        #expect(!CommandLineArguments(["demo", "pcap"]).isPlugin)
        #expect(!CommandLineArguments(["65536", "pcap"]).isPlugin)
    }

    @Test
    func `join the filters without words of pcap-filter into one expression for the agents`() throws {
        let options = try options(
            "demo", "--host", "10.0.0.1", "--host", "db.internal", "--port=443,8000-8010", "--proto", "tcp",
            "--tcp-flags",
            "syn,rst", "-f", "len > 100 or arp")
        #expect(
            options.captureFilter
                == "tcp and (host 10.0.0.1 or host db.internal) and (port 443 or portrange 8000-8010) and "
                + "(tcp[13] & 6 != 0 or (ip6[6] = 6 and ip6[53] & 6 != 0)) and (len > 100 or arp)")
        #expect(options.simpleFilter.names == ["db.internal"])
        #expect(try self.options("demo", "-f", "udp").captureFilter == "udp")
        #expect(try self.options("demo").captureFilter == nil)
    }

    @Test(arguments: [
        ["--host", "a or port 22"], ["--port", "-80"], ["--proto", "icmp", "--port", "5"],
        ["--tcp-flags", "syn", "--proto", "udp"],
        ["--host", "fd00::1", "--proto", "arp"], ["--host="], ["--port", "80", "--filter", "a) or (b"],
    ])
    func `are refused before anything runs where such a filter is wrong or a contradiction`(_ arguments: [String]) {
        #expect {
            try CommandLineArguments(["demo"] + arguments).invocation()
        } throws: { error in
            let options = arguments.filter { $0.hasPrefix("--") }.map { $0.replacing("=", with: "") }
            return error is UsageError && options.contains { "\(error)".contains($0) }
        }
    }
}
