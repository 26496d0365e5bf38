import Testing

@testable import Client

@Suite("Gob")
struct GobTests {
    @Test(
        arguments: [
            (0, [0]), (127, [127]), (128, [0xFF, 0x80]), (256, [0xFE, 1, 0]),
            (UInt.max, [0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        ] as [(UInt, [UInt8])])
    func `unsigned numbers take as many bytes as they need`(value: UInt, bytes: [UInt8]) throws {
        var writer = Gob.Writer()
        writer.unsigned(value)
        #expect(writer.bytes == bytes)
        var reader = Gob.Reader(bytes)
        #expect(try reader.unsigned() == value)
        #expect(reader.isAtEnd)
    }

    @Test(arguments: [0, 1, -1, 63, -64, 64, 65, Int.max, Int.min])
    func `signed numbers come back`(value: Int) throws {
        var writer = Gob.Writer()
        writer.signed(value)
        var reader = Gob.Reader(writer.bytes)
        #expect(try reader.signed() == value)
    }

    @Test(arguments: [[], [0xFF], [0xF7, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0x80]] as [[UInt8]])
    func `numbers that are cut off or too long are refused`(bytes: [UInt8]) {
        var reader = Gob.Reader(bytes)
        #expect(throws: Gob.Malformed.self) { try reader.unsigned() }
    }

    @Test(arguments: [[5, 0x61], [0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x61]] as [[UInt8]])
    func `texts longer than the bytes are refused`(bytes: [UInt8]) {
        var reader = Gob.Reader(bytes)
        #expect(throws: Gob.Malformed.self) { try reader.string() }
    }
}
