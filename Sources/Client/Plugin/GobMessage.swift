extension Gob {
    /// A message that is a value: its length, the number of its type, and the value.
    static func message(type: Int, _ fields: [Field]) -> [UInt8] {
        var value = Writer()
        value.signed(type)
        value.structure(fields)
        var message = Writer()
        message.unsigned(UInt(value.bytes.count))
        return message.bytes + value.bytes
    }

    /// A message that defines a type: the type's negated number, and its description (`wireType` in package gob).
    static func definition(_ number: Int, _ name: String, _ type: Definition) -> [UInt8] {
        let common = Field.structure([.text(name), .integer(number)])
        let absent = Field.integer(0)
        return switch type {
        case .slice(of: let element):
            message(type: -number, [absent, .structure([common, .integer(element)])])
        case .structure(let fields):
            message(
                type: -number,
                [absent, absent, .structure([common, .structures(fields.map { [.text($0), .integer($1)] })])])
        case .map(let key, let value):
            message(
                type: -number, [absent, absent, absent, .structure([common, .integer(key), .integer(value)])])
        }
    }

    /// The structure of a type, by the numbers of other types.
    enum Definition {
        case slice(of: Int)
        case structure([(String, Int)])
        case map(Int, Int)
    }

    /// The numbers of the types that need no definition.
    enum Builtin {
        static let integer = 2
        static let unsigned = 3
        static let string = 6
    }
}
