/// The ports of this app instance, as the platform names them in `CF_INSTANCE_PORTS`.
struct InstancePorts: Equatable {
    /// A port inside the container, and the port of the container's proxy (Envoy) that leads to it, if there is one.
    struct Port: Equatable {
        let inside: UInt16
        let proxy: UInt16?
    }

    private let ports: [Port]

    /// A value of `CF_INSTANCE_PORTS` that cannot be used, in words.
    struct Malformation: Error, Equatable {
        let description: ByteString
    }

    /// Reads `[{"internal":2222,"internal_tls_proxy":61002,…},…]`.
    init(_ text: ByteString) throws(Malformation) {
        let value: JSON
        do {
            value = try JSONReader.read(text.bytes)
        } catch {
            throw Malformation(description: "\(ByteString(stringLiteral: error.description)) at byte \(error.offset)")
        }
        guard case .array(let elements) = value else { throw Malformation(description: "it is not an array") }
        var ports: [Port] = []
        for element in elements {
            guard case .object = element else {
                throw Malformation(description: "it holds something that is no object")
            }
            guard let inside = try Self.port("internal", of: element) else { continue }
            ports.append(Port(inside: inside, proxy: try Self.port("internal_tls_proxy", of: element)))
        }
        self.ports = ports
    }

    /// The proxy's port that leads to the port `inside`.
    func proxy(of inside: UInt16) -> UInt16? {
        ports.first { $0.inside == inside && $0.proxy != nil }?.proxy
    }

    /// A port number; absent, `null` and 0 all stand for none.
    private static func port(_ name: ByteString, of object: JSON) throws(Malformation) -> UInt16? {
        switch object.member(name) {
        case nil, .null: return nil
        case .number(let digits):
            guard let port = digits.bytes.decimal(upTo: UInt64(UInt16.max)) else {
                throw Malformation(description: "\(name) is \(digits), which is no port")
            }
            return port == 0 ? nil : UInt16(port)
        default:
            throw Malformation(description: "\(name) is not a number")
        }
    }
}
