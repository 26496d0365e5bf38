extension CaptureOptions {
    /// Refuses options that do not go together, and an app's name that cf would not take for one.
    mutating func check() throws(UsageError) {
        if list { return try checkListing() }
        if let stray = rest.first {
            throw UsageError(
                "'\(stray)' is one argument too many; a filter goes behind --filter, and one capture takes one app")
        }
        guard let appName else { throw UsageError("the app's name is missing; 'cf apps' lists the names") }
        guard !appName.isEmpty else { throw UsageError("the app's name is empty; 'cf apps' lists the names") }
        guard !appName.hasPrefix("-") else {
            throw UsageError(
                "the app's name '\(appName)' begins with '-', which cf takes for an option: rename the app")
        }
        if let output, Self.isStandardOutput(output) { self.output = Self.standardOutput }
        if filter == "" { filter = nil }
        if snaplen == 0 { snaplen = nil }
        try checkInterfaces()
        try checkFilter()
        try checkEnd()
        if checksInstances { return try refuse(optionsOfOutput, with: "--check", because: "writes no file") }
        try checkShowing()
        try checkRotation()
        _ = try resolvedFormat()
    }

    /// Returns what `--install-extcap` or `--uninstall-extcap` asks for. Throws if something is given beside it.
    func extcapLinking() throws(UsageError) -> Invocation {
        let option = installExtcap ? "--install-extcap" : "--uninstall-extcap"
        guard !(installExtcap && uninstallExtcap) else {
            throw UsageError("--install-extcap and --uninstall-extcap undo each other, leave one of them out")
        }
        guard appName == nil else { throw UsageError("\(option) captures nothing, leave out '\(app)'") }
        try refuse(optionsOfChoice + optionsOfOutput, with: option, because: "captures nothing")
        guard !list, !checksInstances, !json else {
            throw UsageError("\(option) stands alone, leave out --list, --check and --json")
        }
        return .linkExtcap(isWanted: installExtcap)
    }

    /// Returns whether a path is a name of standard output, in any spelling: `/dev//stdout`.
    private static func isStandardOutput(_ path: String) -> Bool {
        ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(FilePath(path).lexicallyNormalized().string)
    }

    private func checkRotation() throws(UsageError) {
        guard onFile == nil || writesFile else {
            throw UsageError("--on-file takes complete files, and none is written: name one with --output")
        }
        guard rotation != nil else {
            guard keep == nil else { throw UsageError("--keep goes with --rotate: it counts the files of a set") }
            return
        }
        guard !writesStandardOutput else {
            throw UsageError("standard output is one stream, and --rotate makes files: name them with --output")
        }
        guard output?.hasSuffix("/") != true else {
            throw UsageError(
                "'\(output ?? "")' is a folder, and --rotate makes files: name them as in captures/web.pcapng")
        }
        guard !force else {
            throw UsageError("--force overwrites one file, and --rotate writes new ones: choose another --output")
        }
    }

    private func checkListing() throws(UsageError) {
        guard appName == nil else {
            throw UsageError("--list lists all apps of the space; 'cf pcap \(app) --check' asks the instances of one")
        }
        guard !checksInstances else { throw UsageError("--list and --check are two questions, leave one of them out") }
        try refuse(optionsOfChoice + optionsOfOutput, with: "--list", because: "captures nothing")
    }

    private func refuse(_ given: [String], with option: String, because reason: String) throws(UsageError) {
        guard let first = given.first else { return }
        throw UsageError("\(option) \(reason), leave out \(first)")
    }

    /// The options that choose packets, as far as they are given.
    private var optionsOfChoice: [String] {
        [
            processes != .named("web") ? "--process" : nil, indexLists.isEmpty ? nil : "--app-instance-index",
            interfaceLists.isEmpty ? nil : "--interface", snaplen != nil ? "--snaplen" : nil,
            skipHostValidation ? "--skip-host-validation" : nil,
        ].compactMap { $0 } + filterOptions
    }

    /// The options that say what becomes of packets, as far as they are given.
    private var optionsOfOutput: [String] {
        [
            output != nil ? "--output" : nil, requestedFormat != nil ? "--format" : nil, force ? "--force" : nil,
            hold != .seconds(1) ? "--hold" : nil, duration != nil ? "--duration" : nil,
            until != nil ? "--until" : nil, after != nil ? "--after" : nil, count != nil ? "--count" : nil,
            rotation != nil ? "--rotate" : nil, keep != nil ? "--keep" : nil,
            onFile != nil ? "--on-file" : nil,
            wireshark ? "--wireshark" : nil, text ? "--text" : nil, displayFilter != nil ? "--display-filter" : nil,
            untilDisplay != nil ? "--until-display" : nil, noFollow ? "--no-follow" : nil,
        ].compactMap { $0 }
    }

    /// The format of the output, of options that ``check()`` has accepted.
    var outputFormat: OutputFormat {
        (try? resolvedFormat()) ?? OutputFormat(format: .pcap, compression: .none)
    }

    /// The format that `--format` names, else the one that the output's name tells. The two must not disagree: a file is
    /// what its name says.
    private func resolvedFormat() throws(UsageError) -> OutputFormat {
        if showsPackets, !writesFile { return OutputFormat(format: .pcapng, compression: .none) }
        guard let output, !writesStandardOutput else {
            // A reader of standard output or of a set gets who sent what; the default name is the contract's.
            return requestedFormat
                ?? OutputFormat(format: output == nil && rotation == nil ? .pcap : .pcapng, compression: .none)
        }
        guard !output.isEmpty else { throw UsageError("--output is empty, name a file or - for standard output") }
        let named = OutputFormat(fileName: output)
        if let requestedFormat, let named, requestedFormat != named {
            throw UsageError("--format \(requestedFormat) is not what the name '\(output)' says, leave one of them out")
        }
        guard let format = requestedFormat ?? named else {
            throw UsageError("the name '\(output)' tells no format, let it end in \(OutputFormat.choices)")
        }
        return format
    }
}
