/// What the CLI answers to `SetPluginMetadata`.
enum PluginReply: Equatable {
    case accepted
    case refused(String)

    /// The answer that these bytes begin with; nil where more have to come.
    static func parse(_ bytes: [UInt8]) throws(Gob.Malformed) -> PluginReply? {
        var rest = bytes[...]
        var hasResponse = false
        while let message = try nextMessage(&rest) {
            var value = Gob.Reader(message)
            let type = try value.signed()
            // The definition of a type.
            if type < 0 { continue }
            if hasResponse { return try body(type: type, value) }
            if let error = try responseError(value) { return .refused(error) }
            hasResponse = true
        }
        return nil
    }

    /// Takes a message off the front; nil where it has not come as a whole.
    private static func nextMessage(_ rest: inout ArraySlice<UInt8>) throws(Gob.Malformed) -> ArraySlice<UInt8>? {
        guard let first = rest.first else { return nil }
        let prefix = first < 128 ? 1 : 1 + Int(0 &- first)
        guard prefix <= 9 else { throw Gob.Malformed() }
        guard rest.count >= prefix else { return nil }
        var header = Gob.Reader(rest.prefix(prefix))
        let length = try header.unsigned()
        // A reply is a hundred bytes.
        guard length <= 65_536 else { throw Gob.Malformed() }
        guard rest.count - prefix >= Int(length) else { return nil }
        defer { rest = rest.dropFirst(prefix + Int(length)) }
        return rest.dropFirst(prefix).prefix(Int(length))
    }

    /// The error that net/rpc's `Response{ServiceMethod, Seq, Error}` names; nil where it names none.
    private static func responseError(_ value: Gob.Reader) throws(Gob.Malformed) -> String? {
        var value = value
        var error: String?
        var field: UInt = 0
        while true {
            let step = try value.unsigned()
            if step == 0 { return error }
            field &+= step
            switch field {
            case 1: _ = try value.string()
            case 2: _ = try value.unsigned()
            case 3: error = try value.string()
            default: throw Gob.Malformed()
            }
        }
    }

    /// A boolean, behind the zero that stands before a value that is no struct.
    private static func body(type: Int, _ value: Gob.Reader) throws(Gob.Malformed) -> PluginReply {
        var value = value
        guard type == Gob.Builtin.boolean, try value.unsigned() == 0 else { throw Gob.Malformed() }
        return try value.unsigned() == 1 ? .accepted : .refused("it did not say why")
    }
}
