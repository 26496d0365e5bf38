/// The outputs of a run.
extension Capture {
    /// The output that the options name, as a consumer of the merge.
    static func consumers(
        _ options: CaptureOptions, to destination: sending Destination, commandLine: String, display: Display,
        examiner: PacketTrigger?, onMark: @escaping @Sendable (Consumers.Mark) -> Void
    ) throws(OutputError) -> sending Consumers {
        let lines = OutputLines(
            say: { display.say($0) }, warn: { display.warn(nil, $0) }, fail: { display.error(nil, $0) })
        let output: any Output =
            destination.isLive ? ByteStream(to: destination, lines: lines) : FileSet(of: destination)
        let consumer = try Consumer(
            output, options.outputFormat, application: "cf-pcap-client \(ClientVersion.current)",
            commandLine: commandLine, lines: lines)
        return Consumers([consumer], examiner: examiner, lines: lines, onMark: onMark)
    }
}
