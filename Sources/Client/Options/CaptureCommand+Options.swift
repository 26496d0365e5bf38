extension CaptureCommand {
    /// What the command line asks for. Throws where its parts do not fit together.
    func options() throws(UsageError) -> CaptureOptions {
        var options = CaptureOptions(app: try appName())
        options.processes = try processes()
        options.indices = try instances()
        options.output = output
        let format = try outputFormat()
        options.format = format.format
        options.compression = format.compression
        options.filter = try validFilter()
        options.interface = try interfaceName()
        options.snaplen = try validSnaplen()
        options.skipHostValidation = skipHostValidation
        options.duration = try validDuration()
        options.hold = try validHold()
        options.quiet = quiet
        options.force = force
        options.follow = !noFollow
        options.wireshark = wireshark
        return options
    }

    private func appName() throws(UsageError) -> String {
        if let stray = rest.first {
            throw UsageError(
                "'\(stray)' is one argument too many; a filter goes behind --filter, and one capture takes one app")
        }
        guard !app.isEmpty else { throw UsageError("the app's name is empty; 'cf apps' lists the names") }
        guard !app.hasPrefix("-") else {
            throw UsageError("the app's name '\(app)' begins with '-', which cf takes for an option: rename the app")
        }
        return app
    }

    private func processes() throws(UsageError) -> CaptureOptions.Processes {
        let process = process ?? "web"
        guard !process.isEmpty, !process.hasPrefix("-") else {
            throw UsageError("'\(process)' is no process type for --process; 'cf app \(app)' lists them, 'all' is all")
        }
        return process == "all" ? .all : .named(process)
    }

    private func instances() throws(UsageError) -> [ClosedRange<Int>]? {
        let ranges = try indices.map { list throws(UsageError) in try IndexList.parse(list) }
        return ranges.isEmpty ? nil : IndexList.merged(ranges.flatMap { $0 })
    }

    private func validFilter() throws(UsageError) -> String? {
        guard let filter, !filter.isEmpty else { return nil }
        // One argument of cf, and of the shell behind it, holds the filter in quotes; Linux allows 131,072 bytes
        // (execve(2), "Limits on size of arguments and environment").
        guard filter.quotedForShell.utf8.count <= 120_000 else {
            throw UsageError(
                "--filter has \(filter.utf8.count) bytes, more than a command line can hold; write a shorter one")
        }
        return filter
    }

    private func interfaceName() throws(UsageError) -> String {
        let interface = interface ?? "eth0"
        guard !interface.isEmpty else { throw UsageError("--interface is empty, write eth0, lo or any") }
        return interface
    }

    private func validSnaplen() throws(UsageError) -> Int? {
        guard let snaplen else { return nil }
        guard let bytes = Int(snaplen), (0...262_144).contains(bytes) else {
            throw UsageError(
                "'\(snaplen)' is no value for --snaplen, write 1 to 262144 bytes (0 is the agent's default)")
        }
        return bytes == 0 ? nil : bytes
    }

    private func validDuration() throws(UsageError) -> Duration? {
        guard let duration else { return nil }
        guard let value = TimeSpan.parse(duration), value > .zero else {
            throw UsageError("'\(duration)' is no time for --duration, write 60s, 5m or 1h")
        }
        return value
    }

    private func validHold() throws(UsageError) -> Duration {
        guard let hold else { return .seconds(1) }
        guard let value = TimeSpan.parse(hold), value <= .seconds(60) else {
            throw UsageError("'\(hold)' is no time for --hold, write 0 to 60 seconds")
        }
        return value
    }

    /// By `--format`, else by the name of the output. The two must not disagree: a file is what its name says.
    private func outputFormat() throws(UsageError) -> OutputFormat {
        if wireshark { return try formatForWireshark() }
        let asked = try format.map { text throws(UsageError) in try askedFormat(text) }
        guard let output, output != "-" else {
            // A reader of standard output gets who sent what; the default name is the contract's.
            return asked ?? OutputFormat(format: output == nil ? .pcap : .pcapng, compression: .none)
        }
        guard !output.isEmpty else { throw UsageError("--output is empty, name a file or - for standard output") }
        let named = OutputFormat(fileName: output)
        if let asked, let named, asked != named {
            throw UsageError("--format \(format ?? "") is not what the name '\(output)' says, leave one of them out")
        }
        guard let format = asked ?? named else {
            throw UsageError("the name '\(output)' tells no format, let it end in \(OutputFormat.choices)")
        }
        return format
    }

    private func askedFormat(_ text: String) throws(UsageError) -> OutputFormat {
        guard let format = OutputFormat(name: text) else {
            throw UsageError("'\(text)' is no format, write pcap or pcapng, either with .gz or .zst behind it")
        }
        return format
    }

    private func formatForWireshark() throws(UsageError) -> OutputFormat {
        guard output == nil, format == nil else {
            throw UsageError("--wireshark shows the packets and writes no file, leave out --output and --format")
        }
        return OutputFormat(format: .pcapng, compression: .none)
    }
}
