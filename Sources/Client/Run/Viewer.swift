internal import Subprocess
internal import SystemPackage

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Wireshark, which shows packets as they come. It stays open when the capture has ended.
enum Viewer {
    /// There is no Wireshark, or it cannot be started.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Where it is on a Mac, where it is not on PATH.
    private static let macPath: FilePath = "/Applications/Wireshark.app/Contents/MacOS/Wireshark"

    /// Starts Wireshark; gives the pipe that it reads.
    static func start() async throws -> sending Destination {
        let program = try await find()
        let (reading, writing) = try FileDescriptor.pipe()
        // What other children inherit would keep the pipe open.
        for end in [reading, writing] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        var options = PlatformOptions()
        // A Ctrl-C is for the capture, and leaves the packets on the screen.
        options.createSession = true
        let configuration = Configuration(
            executable: .path(program), arguments: ["-k", "-i", "-"], platformOptions: options)
        Task {
            // That it has gone, or never came, is seen by the pipe.
            _ = try await Subprocess.run(
                configuration, input: .fileDescriptor(reading, closeAfterSpawningProcess: true), output: .discarded,
                error: .discarded)
        }
        return Destination(pipe: writing, name: "Wireshark")
    }

    private static func find() async throws(Failure) -> FilePath {
        if let path = try? await Executable.name("wireshark").resolveExecutablePath(in: .inherit) { return path }
        if (try? macPath.stat()) != nil { return macPath }
        throw Failure(description: "there is no 'wireshark' in PATH: install it, or write a file with --output")
    }
}
