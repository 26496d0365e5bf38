/// Tells `cf install-plugin` what this plugin offers.
public enum PluginRegistration {
    /// The installation cannot go on.
    public struct Failure: Error, CustomStringConvertible {
        /// The failure in words.
        public let description: String
    }

    /// Calls the CLI at a port of 127.0.0.1, and returns when it has answered. The CLI looks at what it was told, and says
    /// what is wrong with it, when this program has ended.
    public static func register(port: UInt16) throws(Failure) {
        do {
            let socket = try connect(port: port)
            let hasAnswered = try socket.closeAfter {
                _ = try socket.writeAll(PluginMetadata.client.call)
                return try hasAnswer(socket)
            }
            guard hasAnswered else { throw Failure(description: "cf hung up at port \(port) without an answer") }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                description: "cf cannot be reached at port \(port): \(error). Install with 'cf install-plugin FILE'")
        }
    }

    /// Waits for the first bytes of the answer. Returns false if the connection ends without them.
    private static func hasAnswer(_ socket: FileDescriptor) throws(Errno) -> Bool {
        var byte: UInt8 = 0
        do {
            return try unsafe withUnsafeMutableBytes(of: &byte) { try unsafe socket.read(into: $0) } > 0
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// The corresponding C functions are `socket` and `connect`. Reading and writing give up after 10 seconds.
    private static func connect(port: UInt16) throws(Errno) -> FileDescriptor {
        // Writing to a CLI that is gone then fails instead of killing.
        signal(SIGPIPE, SIG_IGN)
        #if canImport(Glibc)
            let stream = Int32(SOCK_STREAM.rawValue)
        #else
            let stream = SOCK_STREAM
        #endif
        let descriptor = socket(AF_INET, stream, 0)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            unsafe setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #if canImport(Darwin)
                    unsafe Darwin.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                #elseif canImport(Musl)
                    unsafe Musl.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                #else
                    // With _GNU_SOURCE, glibc declares the parameter as a union of the kinds of addresses.
                    unsafe Glibc.connect(
                        descriptor, __CONST_SOCKADDR_ARG(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_in>.size))
                #endif
            }
        }
        guard status == 0 else {
            let error = Errno(rawValue: errno)
            close(descriptor)
            throw error
        }
        return FileDescriptor(rawValue: descriptor)
    }
}
