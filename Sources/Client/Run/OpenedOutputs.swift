#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The outputs of a run, opened before anything is captured.
struct OpenedOutputs {
    /// The outputs as consumers of the merge. Marks tell places in the file where one is written.
    let consumers: Consumers
    /// The first output in messages.
    let name: String
    /// The command for complete files; nil if there is none.
    let handover: FileHandover?
    /// The end of Wireshark, if the run has started it; nil where it ended in order.
    let viewerFailure: Task<Viewer.Failure?, Never>?

    /// The values that the outputs need besides the options.
    struct Context {
        let commandLine: String
        let lines: OutputLines
        let wait: ReaderWait
        /// Needed where the options ask for lines of packets or a display filter.
        let tshark: Tshark?
        /// The match that the display filter of `--until-display` finds.
        let match: DisplayMatch?
        let watch: OutputWatch
    }

    /// Opens the outputs that the options name. What shows packets is lossy where a file is written.
    static func open(
        _ options: CaptureOptions, _ context: Context, examinedBy examiner: (any PacketExaminer)?,
        onMark: @escaping @Sendable (Consumers.Mark) -> Void
    ) async throws -> sending OpenedOutputs {
        let isShownOnly = options.showsPackets && !options.writesFile
        let handover = handover(options, lines: context.lines)
        let kept =
            isShownOnly
            ? nil
            : try consumer(file(options, lines: context.lines, context.wait, handover), options.outputFormat, context)
        do {
            let viewer = options.wireshark ? try await Viewer.start(displayFilter: options.displayFilter) : nil
            var outputs = kept.map { [$0] } ?? []
            if let viewer {
                let stream =
                    isShownOnly
                    ? ByteStream(to: Destination(pipe: viewer.pipe, name: Viewer.name), lines: context.lines)
                    : ByteStream(lossyTo: viewer.pipe, name: Viewer.name, lines: context.lines)
                outputs.append(try await viewer.begin { try consumer(stream, pcapng, context) })
            }
            for output in readers(options, context, isShownOnly: isShownOnly) {
                outputs.append(try consumer(output, pcapng, context))
            }
            let (first, others) = (outputs.removeFirst(), outputs)
            return OpenedOutputs(
                consumers: Consumers(
                    first, others, examiner: examiner, lines: context.lines, watch: context.watch, onMark: onMark),
                name: first.output.name, handover: handover, viewerFailure: viewer?.failure)
        } catch {
            // A new file without anything in it is removed.
            var kept = kept
            try? kept?.finish(isFailed: true)
            throw error
        }
    }

    private static func handover(_ options: CaptureOptions, lines: OutputLines) -> FileHandover? {
        options.onFile.map { command in
            FileHandover(command, environment: ProcessInfo.processInfo.environment) { lines.fail($0.description) }
        }
    }

    private static let pcapng = OutputFormat(format: .pcapng, compression: .none)

    private static func consumer(
        _ output: any Output, _ format: OutputFormat, _ context: Context
    ) throws(OutputError) -> Consumer {
        try Consumer(
            output, format, application: "cf-pcap-client \(ClientVersion.current)", commandLine: context.commandLine,
            lines: context.lines, watch: context.watch)
    }

    private static func file(
        _ options: CaptureOptions, lines: OutputLines, _ wait: ReaderWait, _ handover: FileHandover?
    ) throws -> any Output {
        if let rotation = options.rotation {
            try refuseSet(at: options.output)
            return try fileSet(options, rotation, lines: lines, handover)
        }
        let destination = try Destination.open(options, waiting: wait)
        guard destination.isLive else { return FileSet(of: destination, handover) }
        guard handover == nil else {
            throw UsageError(
                "'\(destination.name)' is no file, and --on-file takes complete files: choose another --output")
        }
        return ByteStream(to: destination, lines: lines)
    }

    /// Throws UsageError if a device or a pipe has the path that a set is to be named after: as root, files would be made in
    /// the folder of devices.
    private static func refuseSet(at output: String?) throws(UsageError) {
        guard let output, let there = try? FilePath(output).stat(), ![.regular, .directory].contains(there.type) else {
            return
        }
        throw UsageError("'\(output)' is no file, and --rotate makes files: choose another --output")
    }

    /// Creates the set that `--output` names, or one with the default name.
    private static func fileSet(
        _ options: CaptureOptions, _ rotation: Rotation, lines: OutputLines, _ handover: FileHandover?
    ) throws(OutputError) -> FileSet {
        func create(_ output: String) throws(OutputError) -> FileSet {
            let name = FileSetName(output: output, format: options.outputFormat)
            let set = try FileSet(name, rotation, keep: options.keep, lines: lines, handover)
            lines.say(Announcements.rotating(rotation, keep: options.keep, first: set.currentName))
            if !name.isKnownToWireshark { lines.say(Announcements.unknownToWireshark) }
            return set
        }
        guard let output = options.output else { return try DefaultName.firstFree(options.outputFormat, create) }
        return try create(output)
    }
}
