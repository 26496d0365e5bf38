import Testing

@testable import Agent

@Suite("The want of CAP_NET_RAW")
struct AbsenceTests {
    @Test(
        arguments: [
            (.noFileCapability(isCopy: false), "diego.rep.enable_cf_pcap"),
            (.noFileCapability(isCopy: false), "restart the app"), (.noFileCapability(isCopy: true), "restart the app"),
            (.noFileCapability(isCopy: true), "Run the one at /tmp/lifecycle/cf-pcap, not a copy"),
            (.notInBoundingSet, "bounding set"), (.noNewPrivileges, "no-new-privileges"),
            (.noNewPrivileges, "Garden's option NoNewPrivileges"), (.mountedNosuid, "nosuid"),
            (.mountedNosuid, "/tmp/lifecycle/cf-pcap"), (.unknown, "did not grant"),
        ] as [(Absence.Reason, String)])
    func `is explained, with what to do`(_ reason: Absence.Reason, _ words: String) {
        let text = Absence(reasons: [reason]).failure.description
        #expect(text.hasPrefix("CAP_NET_RAW is missing: "))
        #expect(text.contains(ByteString(text: words)))
    }

    @Test
    func `is explained with every reason where there are several`() {
        let text = Absence(reasons: [.noFileCapability(isCopy: true), .noNewPrivileges, .mountedNosuid]).failure
            .description.text
        let parts = text.dropFirst("CAP_NET_RAW is missing: ".count).split(separator: "; besides, ").map(String.init)
        #expect(
            parts
                == [.noFileCapability(isCopy: true), .noNewPrivileges, .mountedNosuid].map { (reason: Absence.Reason) in
                    reason.description.text
                })
    }

    @Test
    func `of the platform's own executable is not explained with a copy`() {
        let text = Absence(reasons: [.noFileCapability(isCopy: false)]).failure.description
        #expect(!text.contains("copy" as ByteString))
    }

    @Test
    func `is explained in one line`() {
        let all: [Absence.Reason] = [
            .noFileCapability(isCopy: true), .notInBoundingSet, .noNewPrivileges, .mountedNosuid, .unknown,
        ]
        #expect(!Absence(reasons: all).failure.description.bytes.contains(UInt8(ascii: "\n")))
        #expect(!Absence(reasons: all).failure.description.contains("  " as ByteString))
    }

    @Test
    func `of a process that runs an executable without a file capability is that, at least`() {
        #expect(Absence.inThisProcess().reasons.contains(.noFileCapability(isCopy: true)))
    }
}
