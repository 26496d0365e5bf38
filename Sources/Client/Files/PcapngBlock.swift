/// A pcapng block that is being put together: type, length, body, options, length.
struct PcapngBlock {
    /// An option's length is told in 16 bits; texts are cut to a whole number of words below that.
    private static let longestOption = 65_532

    private var bytes: [UInt8] = []
    private var hasOptions = false

    init(type: UInt32) {
        bytes.append(integer: type)
        bytes.append(integer: UInt32(0))  // the length, once it is known
    }

    /// Adds to the block's fixed part.
    mutating func append(integer: some FixedWidthInteger) {
        bytes.append(integer: integer)
    }

    /// Adds a time stamp: its upper half first.
    mutating func append(time: UInt64) {
        bytes.append(integer: UInt32(truncatingIfNeeded: time >> 32))
        bytes.append(integer: UInt32(truncatingIfNeeded: time))
    }

    /// Adds a fixed part that was put together before.
    mutating func append(body: some Collection<UInt8>) {
        bytes.append(contentsOf: body)
    }

    /// Adds an option.
    mutating func append(option code: UInt16, bytes value: [UInt8]) {
        let value = value.prefix(Self.longestOption)
        bytes.append(integer: code)
        bytes.append(integer: UInt16(value.count))
        bytes.append(contentsOf: value)
        bytes.append(contentsOf: repeatElement(0, count: -value.count & 3))
        hasOptions = true
    }

    /// Adds an option that is text, printable and of at most `limit` characters: readers of the file print it.
    mutating func append(option code: UInt16, text: String, limit: Int = 500) {
        append(option: code, bytes: Array(text.printable(limit: limit).utf8))
    }

    /// Adds an option that is a number of packets.
    mutating func append(option code: UInt16, count: UInt64) {
        var value: [UInt8] = []
        value.append(integer: count)
        append(option: code, bytes: value)
    }

    /// Adds an option that is a time stamp.
    mutating func append(option code: UInt16, time: UInt64) {
        var value = PcapngBlock()
        value.append(time: time)
        append(option: code, bytes: value.bytes)
    }

    private init() {}

    /// The whole block.
    consuming func finish() -> [UInt8] {
        if hasOptions { bytes.append(integer: UInt32(0)) }  // end of options
        let length = UInt32(bytes.count + 4)
        bytes.append(integer: length)
        var field: [UInt8] = []
        field.append(integer: length)
        bytes.replaceSubrange(4..<8, with: field)
        return bytes
    }
}
