import CLinux

/// Limits the number of captures in a network namespace, and so in a container, to four.
///
/// Each capture binds one of four names in the abstract socket namespace (unix(7)), of which each network namespace has
/// its own. The kernel gives a name to one process at a time, and frees it when that process ends. Messages call the
/// slots places for captures.
public enum Slot {
    static let count = 4

    /// Acquires a free slot for the rest of the process's life.
    ///
    /// - Throws: A failure that names the processes that hold the slots, if all are held.
    ///
    /// The corresponding C functions are `bind` and `listen`.
    public static func acquire() throws(Failure) { try acquire(of: "cf-pcap") }

    /// Acquires one of the four slots of `program`.
    static func acquire(of program: ByteString) throws(Failure) {
        let own = newSocket()
        for number in 0..<count {
            let name: ByteString = "\(program)/\(number)"
            if own >= 0, unsafe withAddress(of: name, { unsafe bind(own, $0, $1) }) == 0, listen(own, backlog) == 0 {
                return
            }
            guard cf_pcap_errno() == EADDRINUSE else {
                throw Failure("failed to count the captures of this container: \(SystemError.last.description)")
            }
        }
        throw noneFree(of: program)
    }

    /// Returns the error for slots that are all held.
    ///
    /// The error names the captures that hold slots. It also counts the slots whose holder accepts no connection, as
    /// held by a process that is no capture. A capture is counted so for the moment between its bind(2) and listen(2),
    /// or when its ``backlog`` is full.
    private static func noneFree(of program: ByteString) -> Failure {
        let holders = (0..<count).compactMap { holder(of: "\(program)/\($0)") }
        let captures: ByteString =
            """
            \(holders.count) captures run in this container, and each has 20 MB of the kernel's memory. Stop one with \
            kill -INT PID: \(holders.joined(separator: "; "))
            """
        let others = count - holders.count
        if others == 0 { return Failure(captures) }
        let squatted: ByteString =
            """
            \(others) of the \(count) places for captures in this container are held by a process that is none: in \
            /proc/net/unix their names begin with @\(program)/
            """
        return Failure(holders.isEmpty ? squatted : "\(captures); \(squatted)")
    }

    /// The number of processes that can connect to a slot to learn its holder. No connection is accepted, and each
    /// remains in the backlog until the slot is free.
    private static let backlog: Int32 = 1024

    /// Creates a local stream socket that does not block.
    private static func newSocket() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    }

    /// Calls `body` with the address of a name in the abstract socket namespace.
    ///
    /// - Parameter name: The name, shorter than 100 bytes.
    private static func withAddress(of name: ByteString, _ body: (__CONST_SOCKADDR_ARG, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A NUL before the name makes it abstract.
        let path: ByteString = "\0\(name)"
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.bytes) }
        let length = MemoryLayout<sa_family_t>.size + path.count
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe body(__CONST_SOCKADDR_ARG(__sockaddr_un__: address), socklen_t(length))
        }
    }

    /// Returns words for the process that holds a slot, or nil if the connection is not accepted.
    ///
    /// The corresponding C functions are `connect` and `getsockopt` with SO_PEERCRED.
    private static func holder(of name: ByteString) -> ByteString? {
        let question = FileDescriptor(owning: newSocket())
        guard unsafe withAddress(of: name, { unsafe connect(question.rawValue, $0, $1) }) == 0 else { return nil }
        var peer = ucred()
        var size = socklen_t(MemoryLayout<ucred>.size)
        let status = unsafe getsockopt(question.rawValue, SOL_SOCKET, SO_PEERCRED, &peer, &size)
        // The process id is 0 if the process is in a PID namespace that this process cannot see.
        return status == 0 && peer.pid > 0 ? "process \(peer.pid)" : "a process of unknown id"
    }
}
