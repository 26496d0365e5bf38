import Testing

@testable import Client

@Suite("Gob")
struct GobTests {
    @Test(
        arguments: [
            (0, [0]), (127, [127]), (128, [0xFF, 0x80]), (256, [0xFE, 1, 0]),
            (UInt.max, [0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        ] as [(UInt, [UInt8])])
    func `unsigned numbers take as many bytes as they need`(value: UInt, bytes: [UInt8]) {
        var writer = Gob.Writer()
        writer.unsigned(value)
        #expect(writer.bytes == bytes)
    }

    @Test(
        arguments: [
            (0, [0]), (1, [2]), (-1, [1]), (63, [126]), (-64, [127]), (64, [0xFF, 0x80]), (-65, [0xFF, 0x81]),
            (Int.min, [0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        ] as [(Int, [UInt8])])
    func `signed numbers have their sign in the lowest bit`(value: Int, bytes: [UInt8]) {
        var writer = Gob.Writer()
        writer.signed(value)
        #expect(writer.bytes == bytes)
    }
}
