import CLinux
import Testing

@testable import Agent

/// Each in a process of its own, for they are the process's.
@Suite("The standard streams")
struct StandardStreamsTests {
    /// What standard output and standard error are.
    enum Pair: String, Codable {
        case onePipe, twoPipes, oneFile, oneFileTwice, device, closed
    }

    @Test(
        arguments: [
            (.onePipe, true), (.twoPipes, false), (.oneFile, true), (.oneFileTwice, true), (.device, false),
            (.closed, false),
        ] as [(Pair, Bool)])
    func `may lead to the same place`(_ pair: Pair, _ areShared: Bool) async {
        await #expect(processExitsWith: .success) { [pair, areShared] in
            // What the test runner writes at the end finds no reader.
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

    private static func replace(_ output: Int32, _ error: Int32) {
        _ = dup2(output, STDOUT_FILENO)
        _ = dup2(error, STDERR_FILENO)
    }
}
