import Testing

@testable import Agent

@Suite("Hints for those who are used to other tools")
struct HintTests {
    private func hint(_ flag: String) -> String {
        FlagHint.text(for: ByteString(text: flag), interfaces: ["lo", "eth0", "any"]).text
    }

    @Test(arguments: [
        ("i", "-interface"), ("iface", "-interface"), ("Interface", "-interface"), ("interfaces", "-interface"),
        ("intreface", "-interface"), ("ieth0", "-interface"), ("device", "-interface"),
        ("w", "> FILE"), ("write", "> FILE"), ("output", "> FILE"), ("file", "> FILE"), ("w-", "> FILE"),
        ("c", "timeout -s INT"), ("c10", "timeout -s INT"), ("G", "timeout -s INT"), ("duration", "timeout -s INT"),
        ("s", "-snaplen"), ("s0", "-snaplen"), ("snap", "-snaplen"), ("snapshot-length", "-snaplen"),
        ("f", "-filter"), ("filters", "-filter"), ("expression", "-filter"),
        ("v", "-v"), ("vv", "-v"), ("vvv", "-v"), ("V", "-v"), ("verbose", "-v"), ("H", "-help"), ("hlep", "-help"),
        ("D", "lo, eth0, any"), ("list-interfaces", "lo, eth0, any"), ("L", "lo, eth0, any"),
        ("n", "leave it out"), ("nn", "leave it out"), ("U", "leave it out"), ("p", "leave it out"), ("r", "tcpdump"),
    ])
    func `say what there is in place of a flag`(_ flag: String, _ words: String) {
        #expect(hint(flag).hasPrefix(": "))
        #expect(hint(flag).contains(words))
    }

    @Test(arguments: ["", "yes", "z", "0", "-", "ü"])
    func `say nothing of a flag that nobody has`(_ flag: String) {
        #expect(hint(flag) == "")
    }

    @Test(arguments: [
        ("8080", "port 8080"), ("0", "port 0"), ("65535", "port 65535"), ("tcp.port == 8080", "tcp port 8080"),
        ("tcp.port==8080", "tcp port 8080"), ("tcp.port eq 8080", "tcp port 8080"),
        ("ip.addr == 10.0.0.1", "host 10.0.0.1"),
        ("ip.src==10.0.0.1 && tcp.dstport == 443", "src host 10.0.0.1 && tcp dst port 443"), ("http", "tcp port 8080"),
        ("http or dns", "tcp port 8080 or port 53"),
        ("udp.port == 53 and ip.dst == 10.0.0.1", "udp port 53 and dst host 10.0.0.1"),
    ])
    func `translate a display filter that is plain`(_ display: String, _ capture: String) throws {
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
    func `say what kind of filter is wanted in place of other display filters`(_ display: String) {
        let expression = ByteString(text: display)
        #expect(FilterHint.captureFilter(meantBy: expression) == nil)
        #expect(FilterHint.text(forRefused: expression).text.contains("such as 'tcp port 8080"))
        #expect(FilterHandle().rejection(of: expression) != nil)
    }

    @Test(arguments: ["", "port 80 and", "prot 80", "host nowhere.example.com", "tcp port 8080)", "65536", "-1", "((("])
    func `say nothing of what is wrong otherwise`(_ expression: String) {
        #expect(FilterHint.text(forRefused: ByteString(text: expression)).isEmpty)
    }
}
