import Testing

@testable import Agent

/// The expected results are those of Go's flag package, except that left-over arguments are refused.
@Suite("The command line")
struct CommandTests {
    private func parse(_ arguments: [String]) throws(UsageError) -> Command {
        try Command(arguments.map { ByteString(text: $0) }[...], interfaces: ["lo", "eth0", "any"])
    }

    private func options(_ arguments: [String]) throws -> Options? {
        guard case .capture(let options) = try parse(arguments) else { return nil }
        return options
    }

    private func complaint(_ arguments: [String]) -> String? {
        do {
            _ = try parse(arguments)
            return nil
        } catch {
            return error.description.text
        }
    }

    // MARK: Accepted

    @Test
    func `leaves the defaults if it is empty`() throws {
        let options = try #require(try options([]))
        #expect(options == Options())
        #expect(options.interface == "")
        #expect(options.snaplen == 65535)
        #expect(options.filter == "")
        #expect(!options.isVerbose)
    }

    @Test
    func `sets every flag`() throws {
        let options = try #require(
            try options(["-interface", "eth0", "-snaplen", "96", "-filter", "tcp port 8080", "-v"]))
        #expect(options.interface == "eth0")
        #expect(options.snaplen == 96)
        #expect(options.filter == "tcp port 8080")
        #expect(options.isVerbose)
    }

    @Test(arguments: [
        (["-interface", "lo"], "lo"), (["--interface", "lo"], "lo"), (["-interface=lo"], "lo"),
        (["--interface=lo"], "lo"), (["-interface="], ""), (["-interface", ""], ""), (["-interface=a=b"], "a=b"),
        (["-interface= lo"], " lo"),
        (["-interface", "a", "-interface", "b"], "b"), (["-interface=a", "--interface", "b"], "b"),
        (["-interface", "-v"], "-v"), (["-interface", "--"], "--"), (["-interface", "-interface"], "-interface"),
        (["-interface", "lo", "--"], "lo"),
    ])
    func `takes a value after = or from the next argument, and the last value counts`(
        _ arguments: [String], _ value: String
    ) throws {
        #expect(try options(arguments)?.interface.text == value)
    }

    @Test
    func `keeps values that are not text unchanged`() throws {
        let name = ByteString([0xFF, 0x3D, 0x00, 0x80])
        guard case .capture(let options) = try Command(["-interface=\(name)", "-filter", name], interfaces: [])
        else {
            Issue.record("not a capture")
            return
        }
        #expect(options.interface == name)
        #expect(options.filter == name)
    }

    @Test(arguments: [
        (["-v"], true), (["--v"], true), (["-v=true"], true), (["-v=1"], true), (["-v=T"], true), (["-v=false"], false),
        (["-v=0"], false), (["-v=F"], false), (["-v", "-v=false"], false), (["-v=0", "-v"], true),
        (["-v", "--"], true),
        (["--"], false),
    ])
    func `takes a switch alone or with a value after =`(_ arguments: [String], _ isOn: Bool) throws {
        #expect(try options(arguments)?.isVerbose == isOn)
    }

    @Test(arguments: [
        ("1", 1), ("65535", 65535), ("262144", 262_144), ("0", 65535), ("017", 17), ("00", 65535),
    ])
    func `takes a snaplen, 0 for the default`(_ text: String, _ snaplen: Int) throws {
        #expect(try options(["-snaplen", text])?.snaplen == snaplen)
        #expect(try options(["-snaplen=\(text)"]) == options(["-snaplen", "\(snaplen)"]))
    }

    @Test(arguments: [["-h"], ["-help"], ["--help"], ["-help=false"], ["-v", "-h", "-nope"], ["-h", "left over"]])
    func `asks for help`(_ arguments: [String]) throws {
        #expect(try parse(arguments) == .help)
    }

    @Test(arguments: [["-version"], ["--version"], ["-version=true"], ["-version", "-v"], ["-version", "left over"]])
    func `asks for the version`(_ arguments: [String]) throws {
        #expect(try parse(arguments) == .version)
    }

    @Test
    func `does not ask for the version if the switch is off`() throws {
        #expect(try parse(["-version=false"]) == .capture(Options()))
        #expect(try parse(["-version", "-version=0"]) == .capture(Options()))
    }

    // MARK: Refused

    @Test(arguments: [
        (["-interface"], "flag needs an argument: -interface"),
        (["-interface", "lo", "--snaplen"], "flag needs an argument: -snaplen"),
        (["-filter"], "flag needs an argument: -filter"),
        (["-yes"], "flag provided but not defined: -yes"), (["--yes=1"], "flag provided but not defined: -yes"),
        (["- v"], "flag provided but not defined: - v"),
        (["-yes", "-h"], "flag provided but not defined: -yes"),
        (["---v"], "bad flag syntax: ---v"), (["--=x"], "bad flag syntax: --=x"), (["-=x"], "bad flag syntax: -=x"),
        (["----"], "bad flag syntax: ----"),
        (["-v=maybe"], #"invalid boolean value "maybe" for -v: parse error"#),
        (["-v="], #"invalid boolean value "" for -v: parse error"#),
        (["-version=2"], #"invalid boolean value "2" for -version: parse error"#),
    ])
    func `is refused with the message of Go's flag package`(_ arguments: [String], _ words: String) {
        #expect(complaint(arguments) == words)
    }

    @Test(arguments: [
        "-1", "262145", "9223372036854775807", "18446744073709551615", "18446744073709551616", "", "abc", "1.5", "0x10",
        "0b11", "1_500", "+96", "-0", " 96", "96 ", "1e3", "\u{0661}",
    ])
    func `is refused if the snaplen is not a decimal number, or too large`(_ snaplen: String) {
        #expect(
            complaint(["-snaplen", snaplen])
                == #"invalid value "\#(snaplen)" for flag -snaplen: give 1 to 262144, or 0 for the default"#)
    }

    @Test
    func `is refused if a value is malformed, even if a valid one follows`() throws {
        #expect(complaint(["-snaplen", "abc", "-snaplen", "96"]) != nil)
        #expect(complaint(["-v=maybe", "-v"]) != nil)
        // A snaplen out of range is well-formed. Only the last value must be in range.
        #expect(try options(["-snaplen", "262145", "-snaplen", "96"])?.snaplen == 96)
        #expect(complaint(["-snaplen", "96", "-snaplen", "262145"]) != nil)
    }

    @Test(arguments: [
        (["-interface", "lo", "port 8080"], "port 8080", "-filter 'port 8080'"),
        (["-interface", "lo", "port", "8080"], "port", "-filter 'port 8080'"),
        (["tcp", "port", "80", "-interface", "lo"], "tcp", "-filter 'tcp port 80'"),
        (["-"], "-", "-filter '-'"), (["", "-v"], "", "-filter ''"), (["--", "-v"], "-v", "-filter '-v'"),
        (["-v", "--", "icmp", "or", "arp"], "icmp", "-filter 'icmp or arp'"),
        // The shell has split a filter, of which -filter has the first word.
        (["-interface", "lo", "-filter", "not", "port", "443"], "port", "-filter 'not port 443'"),
        (["-interface", "lo", "-filter", "tcp", "port", "80", "-v"], "port", "-filter 'tcp port 80'"),
        (["-filter=host", "10.0.0.1", "-interface", "lo"], "10.0.0.1", "-filter 'host 10.0.0.1'"),
        (["-filter", "port 80", "and", "udp"], "and", "-filter 'port 80 and udp'"),
        // After another flag, the words are a whole filter.
        (["-filter", "udp", "-v", "port", "80"], "port", "-filter 'port 80'"),
        (["eth0"], "eth0", "-interface eth0"), (["-v", "any", "port", "80"], "any", "-interface any"),
        (["-interface", "lo", "eth0"], "eth0", "-interface eth0"), (["eth1"], "eth1", "-filter 'eth1'"),
        (["-v", "true"], "true", "-v=true"), (["-interface", "lo", "-v", "false"], "false", "-v=false"),
        (["-v=true", "true"], "true", "-filter 'true'"), (["-filter", "udp", "true"], "true", "-filter 'udp true'"),
        (["-interface", "lo", "8080"], "8080", "-filter 'port 8080'"),
        (["-interface", "lo", "http"], "http", "-filter 'tcp port 8080'"),
        (["-filter", "tcp.port", "==", "80"], "==", "-filter 'tcp port 80'"),
    ])
    func `is refused if arguments are left over, with a proposal`(
        _ arguments: [String], _ first: String, _ meant: String
    ) {
        #expect(complaint(arguments) == "unexpected argument '\(first)': did you mean \(meant)?")
    }
}
