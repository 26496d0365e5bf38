import Testing

@testable import Agent

@Suite("A refused filter")
struct FilterRefusalTests {
    private func text(_ refusal: FilterRefusal, of filter: String = "x") -> String {
        refusal.failure(for: ByteString(text: filter)).description.text
    }

    @Test(arguments: [
        (FilterRefusal.unmatchedParentheses, "filter 'x': its parentheses do not match"),
        (.notCompiled("syntax error"), "filter 'x': syntax error"),
        (
            .selectsOnlyExcluded(Exclusion(ports: [2222]), "expression rejects all packets"),
            """
            filter 'x' selects nothing but the SSH session, which is never captured (not tcp port 2222): \
            expression rejects all packets
            """
        ),
        (.notAccepted(.failed("Too many open files")), "failed to set the filter: Too many open files"),
    ])
    func `is quoted with the reason`(_ refusal: FilterRefusal, _ expected: String) {
        #expect(text(refusal) == expected)
    }

    @Test(arguments: [
        (BPFProgram.Refusal.tooManyInstructions(5000), "it needs 5000 instructions, and the kernel takes 4096: write"),
        (.tooMuchMemory(2477), "it needs 2477 instructions, for which a socket has too little of the kernel's memory"),
        (.invalidInstruction, "the kernel takes no loop, which protochain makes: write"),
        (.needsFileHeader, "it looks at a part of the link-layer header that only files have, such as link[12]"),
    ])
    func `has the kernel's reason and a remedy, in one line`(_ refusal: BPFProgram.Refusal, _ start: String) {
        let text = text(.notAccepted(refusal))
        #expect(text.hasPrefix("filter 'x': \(start)"))
        #expect(!text.contains("\n"))
    }

    @Test
    func `is quoted up to its first 200 bytes`() {
        let quoted = String(repeating: "x", count: 200)
        #expect(text(.unmatchedParentheses, of: quoted + "y").hasPrefix("filter '\(quoted)...': "))
    }

    // MARK: Remedies

    @Test(arguments: ["tcp.port == 8080", "http"])
    func `is translated if it is a display filter that can be`(_ display: String) throws {
        let expression = ByteString(text: display)
        let translation = try #require(DisplayFilter.captureFilter(meantBy: expression))
        #expect(text(.notCompiled("syntax error"), of: display).contains("did you mean '\(translation.text)'?"))
    }

    @Test(arguments: [
        #"http.request.method == "GET""#, "tcp.port != 80 and ip.ttl == 1", "tcp.port in {80 443}",
        "tcp.flags.syn == 1", "frame contains example.com && ip.ttl == 1", "grpc.message",
    ])
    func `is told from a capture filter if it is another display filter`(_ display: String) {
        #expect(text(.notCompiled("syntax error"), of: display).contains("such as 'tcp port 8080"))
        #expect(FilterHandle().rejection(of: ByteString(text: display)) != nil)
    }

    @Test(arguments: [
        ("unknown ip proto 'nosuch'", "write its number"),
        ("netmask not known, so 'ip broadcast' not supported", "write the address"),
        ("malloc", "too much memory"),
    ])
    func `has the remedy for a name that libpcap cannot look up`(_ message: String, _ remedy: String) {
        #expect(text(.notCompiled(ByteString(text: message))).contains(remedy))
    }

    @Test(arguments: ["", "port 80 and", "prot 80", "host nowhere.example.com", "tcp port 8080)", "65536", "-1", "((("])
    func `has libpcap's message alone for any other mistake`(_ filter: String) {
        #expect(FilterRefusal.remedy(for: ByteString(text: filter), refusedWith: "syntax error").isEmpty)
    }
}
