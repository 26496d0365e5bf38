import CLinux

/// A network interface of the process's network namespace, or all of them.
public struct Interface: Equatable {
    /// Its name in the kernel's list, or `any`.
    public let name: ByteString
    /// The kernel's index; 0 stands for all interfaces.
    let index: Int32

    /// Whether it is `lo`. The corresponding C function is `if_nametoindex`.
    var isLoopback: Bool { unsafe index != 0 && index == if_nametoindex("lo") }

    /// Whether it stands for all interfaces.
    var isAny: Bool { index == 0 }

    /// Whether packets of `lo` pass it, which come twice: once sent and once received.
    var showsPacketsTwice: Bool { isLoopback || isAny }

    /// libpcap's name for all interfaces at once.
    static let any: ByteString = "any"

    /// Looks `name` up in the kernel's list. The corresponding C function is `if_nametoindex`.
    /// libpcap is never asked for a name that the kernel does not know: it would try its other capture sources.
    public init(_ name: ByteString) throws(Failure) {
        if name == Self.any {
            self.name = name
            index = 0
            return
        }
        let number = unsafe name.withCString { unsafe if_nametoindex($0) }
        guard number != 0 else {
            throw Failure(
                "failed to open device \(name): no such interface, there are \(Self.names.joined(separator: ", "))")
        }
        self.name = Self.name(of: number) ?? name
        index = Int32(number)
    }

    /// The name in the kernel's list, where another may have led to it: an alias (`lo:0`) or an alternative name.
    /// The corresponding C function is `if_indextoname`.
    private static func name(of index: UInt32) -> ByteString? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard let found = unsafe if_indextoname(index, &name) else { return nil }
        return unsafe ByteString(cString: found)
    }

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
