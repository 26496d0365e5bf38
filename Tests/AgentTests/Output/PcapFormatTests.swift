import Testing

@testable import Agent

@Suite("The pcap format")
struct PcapFormatTests {
    @Test(arguments: [0, 1, 60, 65_535, 262_144] as [UInt32])
    func `finds the length of a record at any address`(_ captured: UInt32) {
        for offset in 0..<8 {
            var bytes = [UInt8](repeating: 0xFF, count: 32)
            let length = unsafe bytes.withUnsafeMutableBytes { bytes in
                unsafe bytes.storeBytes(of: captured, toByteOffset: offset + 8, as: UInt32.self)
                return unsafe PcapFormat.recordLength(at: bytes.baseAddress! + offset)
            }
            #expect(length == 16 + Int(captured))
        }
    }
}
