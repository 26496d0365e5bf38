import CLinux

@testable import Agent

/// The standard input of a session, with one end for the agent and one for the daemon.
final class TestInput {
    enum Kind {
        case pipe, socket, halfClosedSocket, terminal
    }

    let descriptor: Int32
    private var otherEnd: Int32
    private let kind: Kind

    init(_ kind: Kind) throws(SystemError) {
        self.kind = kind
        var ends: (Int32, Int32) = (-1, -1)
        let result = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
            let ends = unsafe bytes.assumingMemoryBound(to: Int32.self).baseAddress!
            switch kind {
            case .pipe: return unsafe pipe2(ends, O_CLOEXEC)
            case .terminal: return unsafe Self.openTerminal(ends)
            default: return unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, ends)
            }
        }
        (descriptor, otherEnd) = ends
        guard result == 0 else { throw .last }
    }

    private static func openTerminal(_ ends: UnsafeMutablePointer<Int32>) -> Int32 {
        unsafe ends[1] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)
        // ptsname(3) uses one buffer for all threads.
        var name = [CChar](repeating: 0, count: 64)
        guard unsafe grantpt(ends[1]) == 0, unsafe unlockpt(ends[1]) == 0, unsafe ptsname_r(ends[1], &name, 64) == 0
        else { return -1 }
        unsafe ends[0] = cf_pcap_open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        return unsafe ends[0] < 0 ? -1 : 0
    }

    deinit {
        close(descriptor)
        if otherEnd >= 0 { close(otherEnd) }
    }

    /// Waits until the kernel reports that the end is closed. A child process of another test may hold it for a moment.
    func closeOtherEnd() {
        if kind == .halfClosedSocket {
            shutdown(otherEnd, Int32(SHUT_WR))
        } else {
            close(otherEnd)
            otherEnd = -1
        }
        var entry = pollfd(fd: descriptor, events: Int16(POLLRDHUP), revents: 0)
        unsafe poll(&entry, 1, 10_000)
    }
}
