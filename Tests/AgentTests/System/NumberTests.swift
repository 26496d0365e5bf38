import Testing

@testable import Agent

@Suite("Numbers in bytes")
struct NumberTests {
    @Test(arguments: [
        (0, 1, "0"), (7, 1, "7"), (7, 2, "07"), (2026, 4, "2026"), (12345, 2, "12345"), (-1, 1, "-1"), (-5, 3, "-005"),
        (Int.max, 1, "9223372036854775807"), (Int.min, 1, "-9223372036854775808"),
    ])
    func `are written in decimal, with leading zeros up to a width`(_ value: Int, _ width: Int, _ text: String) {
        var bytes: [UInt8] = [0x3D]
        bytes.append(decimal: value, width: width)
        #expect(String(decoding: bytes, as: UTF8.self) == "=\(text)")
    }

    @Test(arguments: [
        ("0", 10, 0), ("10", 10, 10), ("00010", 10, 10), ("65535", 65535, 65535),
        ("18446744073709551615", UInt64.max, UInt64.max),
    ])
    func `are read in decimal`(_ text: String, _ limit: UInt64, _ value: UInt64) {
        #expect(text.utf8.decimal(upTo: limit) == value)
    }

    @Test(arguments: [
        ("", UInt64.max), ("11", 10), ("65536", 65535), ("1", 0), ("18446744073709551616", UInt64.max),
        ("99999999999999999999", UInt64.max), ("184467440737095516150", UInt64.max), ("-1", 10), ("+1", 10), (" 1", 10),
        ("1 ", 10), ("0x1", 10), ("a", 16), ("1.0", 10), ("１", 10),
    ])
    func `are refused in decimal if there is another byte or they are too large`(_ text: String, _ limit: UInt64) {
        #expect(text.utf8.decimal(upTo: limit) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("1F90", 0x1F90), ("ffFF", 0xFFFF), ("00ff", 0xFF), ("f", 0xF),
        ] as [(String, UInt16)])
    func `are read in hexadecimal`(_ text: String, _ value: UInt16) {
        #expect(text.utf8.hexadecimal(as: UInt16.self) == value)
    }

    @Test(arguments: ["", "10000", "00000", "0x1", "g", " 1", "-1"])
    func `are refused in hexadecimal if there is another byte or they are too long`(_ text: String) {
        #expect(text.utf8.hexadecimal(as: UInt16.self) == nil)
    }

    @Test
    func `are read up to the largest of their type`() {
        #expect("FF".utf8.hexadecimal(as: UInt8.self) == .max)
        #expect("FFFFFFFF".utf8.hexadecimal(as: UInt32.self) == .max)
        #expect("ffffffffffffffff".utf8.hexadecimal(as: UInt64.self) == .max)
        #expect("fffffffffffffffff".utf8.hexadecimal(as: UInt64.self) == nil)
    }

    @Test(arguments: 0...UInt8.max)
    func `have no digits but those of their radix`(_ byte: UInt8) {
        let digits = "0123456789abcdef"
        let value = digits.utf8.firstIndex(of: byte >= 0x41 && byte <= 0x46 ? byte + 0x20 : byte)
            .map { digits.utf8.distance(from: digits.startIndex, to: $0) }
        for radix in [2, 8, 10, 16] as [UInt8] {
            #expect(byte.digit(radix: radix) == value.flatMap { $0 < radix ? UInt8($0) : nil })
        }
    }
}
