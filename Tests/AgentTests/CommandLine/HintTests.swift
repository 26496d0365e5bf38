import Testing

@testable import Agent

@Suite("Hints for users of other tools")
struct HintTests {
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
    func `name the counterpart of a flag of tcpdump`(_ flag: String, _ advice: String) {
        #expect(hint(flag) == ": \(advice)")
    }

    @Test(arguments: [
        ("Interface", "interface"), ("interfaces", "interface"), ("intreface", "interface"), ("inteface", "interface"),
        ("filters", "filter"), ("fiter", "filter"), ("snaplan", "snaplen"), ("snap-len", "snaplen"),
        ("versoin", nil), ("verison", nil), ("Version", "version"), ("halp", "help"), ("hepl", nil),
        ("inerfce", "interface"), ("inrface", "interface"), ("infce", nil), ("filtr s", nil),
    ])
    func `name the flag that differs from a misspelt one in one letter of four`(_ flag: String, _ meant: String?) {
        #expect(hint(flag) == (meant.map { ": did you mean -\($0)?" } ?? ""))
    }

    @Test(arguments: ["", "yes", "z", "0", "-", "ü", "file", "iface", "G", "duration", "verbose", "r"])
    func `are silent about other flags`(_ flag: String) {
        #expect(hint(flag) == "")
        #expect(hint(flag + String(repeating: "x", count: 100_000)) == "")
    }

    @Test(arguments: [
        ("8080", "port 8080"), ("0", "port 0"), ("65535", "port 65535"), ("tcp.port == 8080", "tcp port 8080"),
        ("tcp.port==8080", "tcp port 8080"), ("tcp.port eq 8080", "tcp port 8080"),
        ("ip.addr == 10.0.0.1", "host 10.0.0.1"),
        ("ip.src==10.0.0.1 && tcp.dstport == 443", "src host 10.0.0.1 && tcp dst port 443"), ("http", "tcp port 8080"),
        ("http or dns", "tcp port 8080 or port 53"),
        ("udp.port == 53 and ip.dst == 10.0.0.1", "udp port 53 and dst host 10.0.0.1"),
    ])
    func `translate a simple display filter`(_ display: String, _ capture: String) throws {
        let expression = ByteString(text: display)
        #expect(FilterHint.captureFilter(meantBy: expression)?.text == capture)
        #expect(FilterHint.text(forRefused: expression).text.contains("did you mean '\(capture)'?"))
        let handle = FilterHandle()
        #expect(handle.rejection(of: expression) != nil, "libpcap takes it as it is")
        #expect(handle.rejection(of: ByteString(text: capture)) == nil)
    }

    @Test
    func `translate every field into what libpcap takes`() {
        let handle = FilterHandle()
        for (field, primitive) in FilterHint.translations {
            #expect(handle.rejection(of: "\(field) == 1") != nil)
            let value: ByteString = primitive.hasSuffix("host") ? " 10.0.0.1" : primitive.hasSuffix("port") ? " 80" : ""
            #expect(handle.rejection(of: "\(primitive)\(value)") == nil, "\(primitive)")
        }
    }

    @Test(arguments: [
        #"http.request.method == "GET""#, "tcp.port != 80", "!(tcp.port == 80)", "tcp.port in {80 443}",
        "tcp.flags.syn == 1", "frame contains example.com && ip.ttl == 1", "grpc.message",
    ])
    func `say which kind of filter is wanted instead of other display filters`(_ display: String) {
        let expression = ByteString(text: display)
        #expect(FilterHint.captureFilter(meantBy: expression) == nil)
        #expect(FilterHint.text(forRefused: expression).text.contains("such as 'tcp port 8080"))
        #expect(FilterHandle().rejection(of: expression) != nil)
    }

    @Test(arguments: ["host http", "port dns", "src host tls or dst port ssl", "not net http"])
    func `leave a field's name alone where it is a name to look up`(_ expression: String) {
        #expect(FilterHint.captureFilter(meantBy: ByteString(text: expression)) == nil)
    }

    @Test(arguments: [
        ("unknown ip proto 'nosuch'", "write its number"),
        ("netmask not known, so 'ip broadcast' not supported", "write the address"),
        ("malloc", "too much memory"),
    ])
    func `name the remedy for what libpcap cannot look up`(_ reason: String, _ remedy: String) {
        #expect(FilterHint.text(forRefused: "x", because: ByteString(text: reason)).text.contains(remedy))
    }

    @Test(arguments: ["", "port 80 and", "prot 80", "host nowhere.example.com", "tcp port 8080)", "65536", "-1", "((("])
    func `are silent about other mistakes`(_ expression: String) {
        #expect(FilterHint.text(forRefused: ByteString(text: expression)).isEmpty)
    }
}
