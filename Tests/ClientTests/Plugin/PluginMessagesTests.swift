import Testing

@testable import Client

/// A call, as Go's own encoder writes it.
private let acceptedCall = bytes(
    """
    2e7f030101075265717565737401ff80000102010d536572766963654d6574686f64010c000103536571010600000020
    ff80011b436c69527063436d642e536574506c7567696e4d657461646174610067ff810301010e506c7567696e4d6574
    616461746101ff8200010501044e616d65010c00010756657273696f6e01ff8400010e4c69627261727956657273696f
    6e01ff8400010d4d696e436c6956657273696f6e01ff84000108436f6d6d616e647301ff8c00000037ff830301010b56
    657273696f6e5479706501ff8400010301054d616a6f7201040001054d696e6f7201040001054275696c640104000000
    1dff8b0201010e5b5d6d61696e2e436f6d6d616e6401ff8c0001ff86000047ff8503010107436f6d6d616e6401ff8600
    010401044e616d65010c000105416c696173010c00010848656c7054657874010c00010c557361676544657461696c73
    01ff880000002aff8703010105557361676501ff8800010201055573616765010c0001074f7074696f6e7301ff8a0000
    0021ff89040101116d61705b737472696e675d737472696e6701ff8a00010c010c0000ffaaff82010470636170010102
    00010001000101010470636170022543617074757265207061636b657473206f6620616e20617070277320636f6e7461
    696e65720101206366207063617020415050205b2d6920494e4445585d205b2d6f2046494c455d0102016919696e7374
    616e636520696e6465782c2064656661756c742030016f246f75747075742066696c652c2064656661756c7420737461
    6e64617264206f7574707574000000
    """)

private func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

@Suite("Messages between cf and its plugin")
struct PluginMessagesTests {
    @Test
    func `are those that cf accepts`() {
        let metadata = PluginMetadata(
            name: "pcap", version: ClientVersion(major: 1, minor: 0, build: 0),
            helpText: "Capture packets of an app's container", usage: "cf pcap APP [-i INDEX] [-o FILE]",
            options: [("i", "instance index, default 0"), ("o", "output file, default standard output")])
        #expect(acceptedCall.count == 591)
        #expect(metadata.call == acceptedCall)
    }

    @Test
    func `hold this client's usage and options`() {
        let call = PluginMetadata.client.call
        #expect(call.starts(with: acceptedCall.prefix(80)))
        for text in [HelpText.summary, HelpText.usage] {
            #expect(call.contains(text.utf8))
        }
    }
}
