import Testing

@testable import Agent

@Suite("A missing CAP_NET_RAW")
struct MissingCapabilityTests {
    @Test(
        arguments: [
            (.noFileCapability(isCopy: false), "diego.rep.enable_cf_pcap"),
            (.noFileCapability(isCopy: false), "restart the app"), (.noFileCapability(isCopy: true), "restart the app"),
            (.noFileCapability(isCopy: true), "Run the one at /tmp/lifecycle/cf-pcap, not a copy"),
            (.notInBoundingSet, "bounding set"), (.noNewPrivileges, "no-new-privileges"),
            (.noNewPrivileges, "Garden's option NoNewPrivileges"), (.mountedNosuid, "nosuid"),
            (.mountedNosuid, "/tmp/lifecycle/cf-pcap"), (.unknown, "did not grant"),
        ] as [(MissingCapability.Reason, String)])
    func `is explained with its remedy`(_ reason: MissingCapability.Reason, _ words: String) {
        let text = MissingCapability(reasons: [reason]).failure.description
        #expect(text.hasPrefix("CAP_NET_RAW is missing: "))
        #expect(text.contains(ByteString(text: words)))
    }

    @Test
    func `is explained with every reason if there are several`() {
        let reasons: [MissingCapability.Reason] = [
            .noFileCapability(isCopy: true), .noNewPrivileges, .mountedNosuid,
        ]
        let text = MissingCapability(reasons: reasons).failure.description.text
        let parts = text.dropFirst("CAP_NET_RAW is missing: ".count).split(separator: "; besides, ").map(String.init)
        #expect(parts == reasons.map { $0.description.text })
    }

    @Test
    func `is not explained as a copy if the executable is the platform's`() {
        let text = MissingCapability(reasons: [.noFileCapability(isCopy: false)]).failure.description
        #expect(!text.contains("copy" as ByteString))
    }

    @Test
    func `is explained in one line`() {
        let all: [MissingCapability.Reason] = [
            .noFileCapability(isCopy: true), .notInBoundingSet, .noNewPrivileges, .mountedNosuid, .unknown,
        ]
        #expect(!MissingCapability(reasons: all).failure.description.bytes.contains(UInt8(ascii: "\n")))
        #expect(!MissingCapability(reasons: all).failure.description.contains("  " as ByteString))
    }

    @Test
    func `is explained by the executable if that has no file capability`() {
        #expect(MissingCapability.inThisProcess().reasons.contains(.noFileCapability(isCopy: true)))
    }
}
