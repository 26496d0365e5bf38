import CLinux

/// A place for a capture. A network namespace, and so a container, has four.
///
/// Each is a name for Unix sockets (unix(7), "abstract"): the kernel gives it to one process at a time, and takes it back
/// when that has ended.
public enum Slot {
    static let count = 4

    /// Takes a free one for as long as the process lives. Throws where there is none, with who has them.
    /// The corresponding C functions are `bind` and `listen`.
    public static func take() throws(Failure) {
        let own = newSocket()
        for number in 0..<count {
            if own >= 0, unsafe at(number, { unsafe bind(own, $0, $1) }) == 0, listen(own, backlog) == 0 { return }
            guard cf_pcap_errno() == EADDRINUSE else {
                throw Failure("failed to count the captures of this container: \(SystemError.last.description)")
            }
        }
        throw noneFree()
    }

    /// Says which captures have the slots; and which slots something has that is no capture, as it does not listen.
    private static func noneFree() -> Failure {
        let holders = (0..<count).compactMap { holder(of: $0) }
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
            /proc/net/unix their names begin with @cf-pcap/
            """
        return Failure(holders.isEmpty ? squatted : "\(captures); \(squatted)")
    }

    /// How many may ask whose a slot is: nobody accepts the connections, so that they stay until it is free again.
    private static let backlog: Int32 = 1024

    private static func newSocket() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    }

    /// Calls `body` with a slot's address.
    private static func at(_ number: Int, _ body: (__CONST_SOCKADDR_ARG, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A NUL before it makes it abstract.
        let name: ByteString = "\0cf-pcap/\(number)"
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name.bytes) }
        let length = MemoryLayout<sa_family_t>.size + name.count
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe body(__CONST_SOCKADDR_ARG(__sockaddr_un__: address), socklen_t(length))
        }
    }

    /// The process that listens there, as the kernel tells whoever connects, and what is known of it; nil where none does.
    /// The corresponding C functions are `connect` and `getsockopt` with SO_PEERCRED.
    private static func holder(of number: Int) -> ByteString? {
        let question = FileDescriptor(owning: newSocket())
        var peer = ucred()
        var size = socklen_t(MemoryLayout<ucred>.size)
        guard unsafe at(number, { unsafe connect(question.rawValue, $0, $1) }) == 0 else { return nil }
        guard unsafe getsockopt(question.rawValue, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0, peer.pid > 0
        else { return "a process of unknown id" }
        var description: ByteString = "process \(peer.pid)"
        if let start = ProcessStat(contents(of: "/proc/\(peer.pid)/stat") ?? [])?.start {
            description.append(" since ")
            start.append(to: &description.bytes)
        }
        if let words = contents(of: "/proc/\(peer.pid)/cmdline"), !words.isEmpty {
            let command = ByteString(words.dropLast().map { $0 == 0 ? UInt8(ascii: " ") : $0 })
            description.append(" (\(command.clipped))")
        }
        return description
    }
}
