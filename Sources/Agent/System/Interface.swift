import CLinux

/// A network interface of the process's network namespace, or all of them.
public struct Interface: Equatable, Sendable {
    /// The name in the kernel's list, or `any`.
    let name: ByteString
    /// The kernel's index of the interface; 0 stands for all interfaces.
    let index: Int32

    /// Whether the interface is `lo`. The corresponding C function is `if_nametoindex`.
    var isLoopback: Bool { unsafe index != 0 && index == if_nametoindex("lo") }

    /// Whether the name is `any`, which stands for all interfaces.
    var isAny: Bool { index == 0 }

    /// Whether packets of `lo` pass it. Those come twice, once sent and once received.
    var showsPacketsTwice: Bool { isLoopback || isAny }

    /// libpcap's name for all interfaces at once.
    private static let any: ByteString = "any"

    /// The names of all interfaces, and `any`. The corresponding C function is `if_nameindex`.
    public static var names: [ByteString] {
        var names: [ByteString] = []
        if let list = unsafe if_nameindex() {
            var entry = unsafe list
            while let name = unsafe entry.pointee.if_name {
                unsafe names.append(ByteString(cString: name))
                unsafe entry += 1
            }
            unsafe if_freenameindex(list)
        }
        return names + [any]
    }
}

extension Interface {
    /// Finds the interface with that name, or an alias of it (`lo:0`), in the kernel's list. Throws if there is none, and
    /// names those that there are. libpcap is never asked for a name that the kernel does not know, because it would try
    /// its other capture sources. The corresponding C function is `if_nametoindex`.
    public init(_ name: ByteString) throws(Failure) {
        if name == Self.any {
            self.init(name: name, index: 0)
            return
        }
        let index = unsafe name.withCString { unsafe if_nametoindex($0) }
        guard index != 0 else {
            throw Failure(
                "failed to open device \(name): no such interface, there are \(Self.names.joined(separator: ", "))")
        }
        self.init(name: Self.name(of: index) ?? name, index: Int32(index))
    }

    /// Returns the name in the kernel's list, if an alias or an alternative name has led to the interface.
    /// The corresponding C function is `if_indextoname`.
    private static func name(of index: UInt32) -> ByteString? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard let found = unsafe if_indextoname(index, &name) else { return nil }
        return unsafe ByteString(cString: found)
    }
}
