internal import Subprocess

/// A Wireshark that shows packets as they come. It stays open when the capture has ended.
struct Viewer {
    /// The reason why no Wireshark runs.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The program in messages.
    static let name = "Wireshark"

    /// The writing end of the pipe that it reads.
    let pipe: FileDescriptor
    /// The failure with which Wireshark ended; nil if it ended in order.
    let failure: Task<Failure?, Never>

    /// The path of Wireshark on a Mac, where it is not on PATH.
    private static let macPath: FilePath = "/Applications/Wireshark.app/Contents/MacOS/Wireshark"

    /// Starts Wireshark, which shows what a display filter selects, or all.
    static func start(displayFilter: String?) async throws -> sending Viewer {
        let program = try await find()
        let (reading, writing) = try FileDescriptor.closeOnExecPipe()
        let configuration = Configuration.helper(
            .path(program), ["-k", "-i", "-"] + (displayFilter.map { ["-Y", $0] } ?? []))
        let failure = Task { () -> Failure? in
            do {
                let result = try await Subprocess.run(
                    configuration, input: .fileDescriptor(reading, closeAfterSpawningProcess: true),
                    output: .discarded, error: .discarded)
                if result.terminationStatus.isSuccess { return nil }
                return Failure(
                    description: "Wireshark ended with \(result.terminationStatus): started by itself it says why")
            } catch {
                return Failure(description: "failed to start Wireshark: \(error)")
            }
        }
        return Viewer(pipe: writing, failure: failure)
    }

    /// Writes the beginning of the stream. Throws why Wireshark does not read it.
    func begin(_ body: () throws -> Consumer) async throws -> Consumer {
        do {
            return try body()
        } catch OutputError.readerGone {
            throw await failure.value ?? Failure(description: "Wireshark reads nothing")
        }
    }

    private static func find() async throws(Failure) -> FilePath {
        if let path = try? await Executable.name("wireshark").resolveExecutablePath(in: .inherit) { return path }
        if (try? macPath.stat()) != nil { return macPath }
        throw Failure(description: "there is no 'wireshark' in PATH: install it, or write a file with --output")
    }
}
