internal import Subprocess

/// The program tshark(1), which reads packets from its standard input.
struct Tshark: Sendable {
    private let program: FilePath

    /// Finds tshark on PATH. Throws UsageError if it is not installed; `option` needs it.
    static func find(for option: String) async throws(UsageError) -> Tshark {
        if let path = try? await Executable.name("tshark").resolveExecutablePath(in: .inherit) {
            return Tshark(program: path)
        }
        throw UsageError(
            """
            \(option) needs 'tshark', which is not in PATH: install the package tshark (Debian, Ubuntu), wireshark-cli \
            (Fedora) or wireshark (Homebrew), or pipe to another reader, as in -o - --format pcap | tcpdump -n -r -
            """)
    }

    /// Finds tshark if the options need it, and checks their display filters; nil if they do not. A display filter for
    /// Wireshark is checked if tshark is there.
    static func prepare(_ options: CaptureOptions) async throws(UsageError) -> Tshark? {
        var tshark: Tshark?
        if options.printedForm != nil { tshark = try await find(for: options.text ? "--text" : "--json") }
        if options.untilDisplay != nil { tshark = try await find(for: DisplayFilterWatch.option) }
        if let filter = options.displayFilter, let checker = try? await find(for: "--wireshark") {
            try await checker.check(displayFilter: filter, of: "--display-filter")
        }
        if let filter = options.untilDisplay {
            try await tshark?.check(displayFilter: filter, of: DisplayFilterWatch.option)
        }
        return tshark
    }

    /// Throws UsageError with tshark's words if tshark does not take `filter` for a display filter; `option` is the one
    /// that it stands behind.
    func check(displayFilter filter: String, of option: String) async throws(UsageError) {
        let problem: String?
        do {
            let result = try await Subprocess.run(
                configuration(["-r", "-", "-Y", filter]), input: .array(Self.emptyCapture), output: .discarded,
                error: .string(limit: 1 << 16))
            problem = result.terminationStatus.isSuccess ? nil : Self.lastWords(result.standardError)
        } catch {
            problem = "tshark does not run: \(error)"
        }
        if let problem { throw UsageError("\(option) '\(filter)': \(problem)") }
    }

    /// Starts tshark. It reads `input` and prints to `output`, both of which are closed here. Calls `onEnd` when it has
    /// ended, with its last words if it failed.
    @discardableResult
    func start(
        _ arguments: [String], input: FileDescriptor, output: FileDescriptor,
        onEnd: @escaping @Sendable (_ failure: String?) -> Void
    ) -> TsharkProcess {
        let process = TsharkProcess()
        let configuration = configuration(["-n", "-l", "-r", "-"] + arguments)
        Task {
            do {
                let result = try await Subprocess.run(
                    configuration, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                    output: .fileDescriptor(output, closeAfterSpawningProcess: true), error: .sequence
                ) { execution in
                    process.began(execution.processIdentifier.value)
                    var words = ""
                    for try await piece in execution.standardError where words.utf8.count < 1 << 16 {
                        words += unsafe piece.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
                    }
                    return words
                }
                process.ended()
                onEnd(result.terminationStatus.isSuccess ? nil : Self.lastWords(result.closureResult))
            } catch {
                process.ended()
                onEnd("tshark does not run: \(error)")
            }
        }
        return process
    }

    private func configuration(_ arguments: [String]) -> Configuration { .helper(.path(program), arguments) }

    /// The first line of an error message, printable.
    private static func lastWords(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("Running as user") }
        let line = lines.first.map(String.init) ?? "tshark says nothing"
        return (line.hasPrefix("tshark: ") ? String(line.dropFirst(8)) : line).inOneLine(limit: 300)
    }

    /// A capture of Ethernet without packets (pcap-savefile(5)).
    private static let emptyCapture: [UInt8] =
        [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0] + [UInt8](repeating: 0, count: 8) + [0, 0, 4, 0, 1, 0, 0, 0]
}
