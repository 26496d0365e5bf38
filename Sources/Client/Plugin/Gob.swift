/// The parts of Go's gob encoding that a call of net/rpc needs (pkg.go.dev/encoding/gob, "Encoding Details").
enum Gob {
    /// Writes values.
    struct Writer {
        private(set) var bytes: [UInt8] = []

        /// Below 128 one byte; else the negated count of bytes, and those, big-endian.
        mutating func unsigned(_ value: UInt) {
            if value < 128 { return bytes.append(UInt8(value)) }
            let bigEndian = (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            let significant = bigEndian.drop { $0 == 0 }
            bytes.append(0 &- UInt8(significant.count))
            bytes += significant
        }

        /// Zigzag: the sign in the lowest bit.
        mutating func signed(_ value: Int) {
            unsigned(UInt(bitPattern: value << 1 ^ value >> (Int.bitWidth - 1)))
        }

        mutating func string(_ value: String) {
            unsigned(UInt(value.utf8.count))
            bytes += value.utf8
        }

        /// A struct of these fields, in their order; the empty ones are left out. A field is counted from the one before.
        mutating func structure(_ fields: [Field]) {
            var last = -1
            for (number, field) in fields.enumerated() where !field.isEmpty {
                unsigned(UInt(number - last))
                last = number
                self.field(field)
            }
            bytes.append(0)
        }

        private mutating func field(_ field: Field) {
            switch field {
            case .integer(let value): signed(value)
            case .text(let value): string(value)
            case .structure(let fields): structure(fields)
            case .structures(let list):
                unsigned(UInt(list.count))
                for fields in list { structure(fields) }
            case .texts(let pairs):
                unsigned(UInt(pairs.count))
                for (key, value) in pairs {
                    string(key)
                    string(value)
                }
            }
        }
    }

    /// A field of a struct.
    indirect enum Field {
        case integer(Int)
        case text(String)
        case structure([Field])
        case structures([[Field]])
        /// A map of texts, in the order given.
        case texts([(String, String)])

        /// A field of the type's zero value is left out; a struct never is.
        var isEmpty: Bool {
            switch self {
            case .integer(let value): value == 0
            case .text(let value): value.isEmpty
            case .structure: false
            case .structures(let list): list.isEmpty
            case .texts(let pairs): pairs.isEmpty
            }
        }
    }
}
