import CLinux

/// A network interface of the process's network namespace, or all interfaces at once.
public struct Interface: Equatable, Sendable {
    /// The name in the kernel's list, or `any`.
    let name: ByteString
    /// The kernel's index of the interface; 0 for `any`.
    let index: Int32

    /// Whether the interface is `lo`.
    ///
    /// The corresponding C function is `if_nametoindex`.
    var isLoopback: Bool { unsafe index != 0 && index == if_nametoindex("lo") }

    /// Whether the interface is `any`, which stands for all interfaces.
    var isAny: Bool { index == 0 }

    /// Whether the kernel shows packets of `lo` on the interface: each packet once as sent and once as received.
    var showsPacketsTwice: Bool { isLoopback || isAny }

    /// libpcap's name for all interfaces at once.
    private static let any: ByteString = "any"

    /// The names of all interfaces, and `any`.
    ///
    /// The corresponding C function is `if_nameindex`.
    public static var names: [ByteString] {
        var names: [ByteString] = []
        if let list = unsafe if_nameindex() {
            // The name of the entry after the last one is null (if_nameindex(3)).
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
    /// Finds an interface in the kernel's list.
    ///
    /// libpcap is never given a name that the kernel does not know, because libpcap would try its other capture
    /// sources.
    ///
    /// - Parameter name: The name of the interface, an alias of it (`lo:0`), or `any`.
    /// - Throws: A failure that lists the existing interfaces, if there is none of that name.
    ///
    /// The corresponding C function is `if_nametoindex`.
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

    /// Returns the kernel's name for an interface, which differs from an alias that the user gave. Returns nil if the
    /// interface has gone.
    ///
    /// The corresponding C function is `if_indextoname`.
    private static func name(of index: UInt32) -> ByteString? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard let found = unsafe if_indextoname(index, &name) else { return nil }
        return unsafe ByteString(cString: found)
    }
}
