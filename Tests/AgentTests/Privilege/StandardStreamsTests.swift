import CLinux
import Testing

@testable import Agent

/// Each test runs in its own process, because it replaces the process's streams.
@Suite("The standard streams")
struct StandardStreamsTests {
    /// The kinds of standard output and standard error.
    enum Pair: String, Codable {
        case onePipe, twoPipes, oneFile, oneFileTwice, device, closed
    }

    @Test(
        arguments: [
            (.onePipe, true), (.twoPipes, false), (.oneFile, true), (.oneFileTwice, true), (.device, false),
            (.closed, false),
        ] as [(Pair, Bool)])
    func `are shared if they lead to the same place`(_ pair: Pair, _ areShared: Bool) async {
        await #expect(processExitsWith: .success) { [pair, areShared] in
            // The test library's last bytes have no reader.
            cf_pcap_ignore(SIGPIPE)
            let pipes = try [TestPipe(), TestPipe()]
            let file = try TemporaryFile()
            switch pair {
            case .onePipe: Self.replace(pipes[0].writeEnd, pipes[0].writeEnd)
            case .twoPipes: Self.replace(pipes[0].writeEnd, pipes[1].writeEnd)
            case .oneFile: Self.replace(file.descriptor, file.descriptor)
            case .oneFileTwice: Self.replace(file.descriptor, file.opened(flags: O_WRONLY | O_APPEND))
            case .device: Self.replace(try FileDescriptor(reading: "/dev/null").rawValue, STDOUT_FILENO)
            case .closed: close(STDERR_FILENO)
            }
            #expect(StandardStreams.areShared == areShared)
        }
    }

    @Test
    func `are reopened non-blocking if they are pipes, without an effect on other processes`() async {
        await #expect(processExitsWith: .success) {
            cf_pcap_ignore(SIGPIPE)
            let pipes = try [TestPipe(), TestPipe()]
            Self.replace(pipes[0].writeEnd, pipes[1].writeEnd)
            StandardStreams.reopenNonblocking()
            for (stream, pipe) in zip([STDOUT_FILENO, STDERR_FILENO], pipes) {
                #expect(cf_pcap_status_flags(stream) & O_NONBLOCK != 0)
                #expect(cf_pcap_status_flags(pipe.writeEnd) & O_NONBLOCK == 0)
                #expect(unsafe write(stream, "x", 1) == 1)
                #expect(pipe.read() == [UInt8(ascii: "x")])
            }
        }
    }

    @Test
    func `are not reopened if they are no pipes`() async {
        await #expect(processExitsWith: .success) {
            cf_pcap_ignore(SIGPIPE)
            let file = try TemporaryFile([1, 2, 3])
            let device = try FileDescriptor(reading: "/dev/null")
            Self.replace(file.descriptor, device.rawValue)
            StandardStreams.reopenNonblocking()
            #expect(lseek(STDOUT_FILENO, 0, SEEK_CUR) == 3)
            #expect(cf_pcap_status_flags(STDERR_FILENO) & (O_ACCMODE | O_NONBLOCK) == O_RDONLY)
        }
    }

    private static func replace(_ output: Int32, _ error: Int32) {
        _ = dup2(output, STDOUT_FILENO)
        _ = dup2(error, STDERR_FILENO)
    }
}
