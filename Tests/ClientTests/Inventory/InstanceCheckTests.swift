import Testing

@testable import Client

@Suite("The check of an instance")
struct InstanceCheckTests {
    private let id = CapturePoint(InstanceID(process: "web", index: 0), interface: "eth0")

    private func check(_ output: String, errors: String = "", status: SessionEnd.Status = .exited(0)) -> InstanceCheck {
        let session = SessionOutput(status: status, output: Array(output.utf8), errors: Array(errors.utf8))
        return InstanceCheck(id, session, of: .web0)
    }

    @Test
    func `is passed where the file header has come`() {
        let check = check("version=cf-pcap 0.1.0\ninterface=lo\ninterface=eth0\nheader=24\n")
        #expect(check.failure == nil && check.hasCapability == true)
        #expect(check.version?.contains("0.1.0") == true && check.interfaces == ["lo", "eth0"])
    }

    @Test(
        arguments: [
            ("CAP_NET_RAW is missing: no file capability", SessionFailure.Kind.noCapability, false),
            ("failed to open device x: no such interface, there are lo, eth0, any", .badInterface, nil),
            ("filter 'prot 80': syntax error", .badFilter, nil),
        ] as [(String, SessionFailure.Kind, Bool?)])
    func `names what the agent says is wrong`(error: String, kind: SessionFailure.Kind, capability: Bool?) {
        let check = check(
            "version=cf-pcap 0.1.0\nheader=0\n",
            errors: #"time=t level=ERROR msg="failed to set up capture" error="\#(error)""#)
        #expect(check.failure?.kind == kind && check.hasCapability == capability)
    }

    @Test
    func `tells an agent that is missing, or that the kernel does not start`() {
        let missing = "version=bash: /tmp/lifecycle/cf-pcap: No such file or directory\ninterface=lo\n"
        #expect(check(missing, status: .exited(127)).failure?.kind == .noAgent)
        #expect(check(missing, status: .exited(127)).version == nil)
        let refused = check("version=x\nheader=0\n", errors: "bash: /tmp/lifecycle/cf-pcap: Operation not permitted\n")
        #expect(refused.failure?.kind == .noCapability && refused.hasCapability == false)
    }

    @Test(arguments: [
        "", "header=24", "header=", "header=-1\n", "header=99999999999999999999\n", "interface=\n=\n===\nversion=\n",
        "\u{1B}[2J\u{0}\n", String(repeating: "interface=x\n", count: 100_000), "header=24\nheader=0\n",
    ])
    func `holds whatever the instance prints`(output: String) {
        let check = check(output)
        #expect(check.interfaces.count <= 1000)
        #expect((check.failure == nil) == (output == "header=24"))
    }
}

@Suite("The output of --list and --check")
struct InventoryTextTests {
    private let apps = [
        SpaceApp(
            name: "demo", guid: "a-1", isStarted: true, ssh: .allowed,
            processes: [
                .init(type: "web", instances: 3, running: 2), .init(type: "worker", instances: 1, running: nil),
            ]),
        SpaceApp(
            name: "é\u{1B}[2J", guid: "a-2", isStarted: false,
            ssh: .disabled(SSHRefusal(reason: "Disabled globally", app: "x", space: "s")), processes: []),
    ]

    @Test
    func `has a line for each process, and says what is not known`() {
        let lines = InventoryText.table(apps).split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        #expect(lines[1].contains("2 of 3") && lines[1].hasSuffix("allowed"))
        #expect(lines[2].contains("not known of 1"))
        #expect(lines[3].hasPrefix("é\\u{1b}[2J") && lines[3].contains("only its operator"))
    }

    @Test
    func `is JSON in which what is not known is null`() throws {
        let target = Target(api: "https://api", organization: "o", space: "s\u{9B}", spaceGUID: "")
        let text = JSONText.of(InventoryText.json(apps, in: target))
        #expect(text.contains(#""running" : null"#) && text.contains(#""disabled_by" : "platform""#))
        #expect(text.contains(#"s\u009b"#) && !text.unicodeScalars.contains { (0x7F...0x9F).contains($0.value) })
    }

    @Test
    func `of a check names the reason and the remedy`() {
        let check = InstanceCheck(
            CapturePoint(InstanceID(process: "web", index: 1), interface: "eth0"),
            SessionFailure(.noAgent, "none", remedy: "ask"))
        #expect(InventoryText.table([check]).hasSuffix("no: none: ask"))
        let json = JSONText.of(InventoryText.json([check], of: "demo"))
        #expect(json.contains(#""can_be_captured" : false"#) && json.contains(#""capability" : null"#))
    }
}
