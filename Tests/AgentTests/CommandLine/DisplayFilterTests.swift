import Testing

@testable import Agent

@Suite("A display filter")
struct DisplayFilterTests {
    @Test(arguments: [
        ("8080", "port 8080"), ("0", "port 0"), ("65535", "port 65535"), ("tcp.port == 8080", "tcp port 8080"),
        ("tcp.port==8080", "tcp port 8080"), ("tcp.port eq 8080", "tcp port 8080"),
        ("ip.addr == 10.0.0.1", "host 10.0.0.1"),
        ("ip.src==10.0.0.1 && tcp.dstport == 443", "src host 10.0.0.1 && tcp dst port 443"), ("http", "tcp port 8080"),
        ("http or dns", "tcp port 8080 or port 53"),
        ("udp.port == 53 and ip.dst == 10.0.0.1", "udp port 53 and dst host 10.0.0.1"),
    ])
    func `is translated into a capture filter that libpcap accepts`(_ display: String, _ capture: String) throws {
        let expression = ByteString(text: display)
        #expect(DisplayFilter.captureFilter(meantBy: expression)?.text == capture)
        let handle = FilterHandle()
        #expect(handle.rejection(of: expression) != nil, "libpcap accepts the display filter itself")
        #expect(handle.rejection(of: ByteString(text: capture)) == nil)
    }

    @Test
    func `has a field for each translation, whose primitive libpcap accepts`() {
        let handle = FilterHandle()
        for (field, primitive) in DisplayFilter.translations {
            #expect(handle.rejection(of: "\(field) == 1") != nil)
            let value: ByteString = primitive.hasSuffix("host") ? " 10.0.0.1" : primitive.hasSuffix("port") ? " 80" : ""
            #expect(handle.rejection(of: "\(primitive)\(value)") == nil, "\(primitive)")
        }
    }

    @Test(arguments: [
        #"http.request.method == "GET""#, "tcp.port != 80", "!(tcp.port == 80)", "tcp.port in {80 443}",
        "tcp.flags.syn == 1", "frame contains example.com && ip.ttl == 1", "grpc.message",
    ])
    func `is not translated if it is more than comparisons for equality`(_ display: String) {
        #expect(DisplayFilter.captureFilter(meantBy: ByteString(text: display)) == nil)
    }

    @Test(arguments: ["host http", "port dns", "src host tls or dst port ssl", "not net http"])
    func `is not seen in a capture filter that looks up a name equal to a field's`(_ expression: String) {
        #expect(DisplayFilter.captureFilter(meantBy: ByteString(text: expression)) == nil)
    }
}
