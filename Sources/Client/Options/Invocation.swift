import ArgumentParser

/// The purpose for which the program was started.
public enum Invocation: Sendable {
    /// To capture.
    case capture(CaptureOptions)
    /// To list the apps of the space.
    case list(CaptureOptions)
    /// To ask the instances of an app whether they can be captured.
    case check(CaptureOptions)
    /// To add this program to Wireshark's list of interfaces, or to take it away there.
    case linkExtcap(isWanted: Bool)
    /// To print a text that was asked for: help, or the version.
    case show(String)
    /// By `cf install-plugin`, to say on this port of 127.0.0.1 what the plugin offers.
    case register(port: UInt16)
    /// By `cf uninstall-plugin`, for which there is nothing to do.
    case uninstall

    /// Whether it takes the platform, and so threads and processes.
    public var runsCF: Bool {
        switch self {
        case .capture, .list, .check: true
        case .linkExtcap, .show, .register, .uninstall: false
        }
    }
}

/// The program's arguments, without its name.
public struct CommandLineArguments: Sendable {
    /// Whether cf started the program, as a plugin.
    public let isPlugin: Bool
    private let port: UInt16?
    /// The arguments as a person wrote them, behind the program's name.
    public let words: [String]

    /// Returns the arguments of this process. Throws UsageError if one of them is not valid UTF-8, because cf could not pass
    /// it on unchanged.
    public static func ofProcess() throws(UsageError) -> CommandLineArguments {
        var words: [String] = []
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let bytes = unsafe CommandLine.unsafeArgv[index], let word = unsafe String(validatingCString: bytes)
            else { throw UsageError("argument \(index) is not UTF-8, write it in that encoding") }
            words.append(word)
        }
        return CommandLineArguments(words)
    }

    /// Tells cf's ways to start a plugin, `PORT pcap ARGS…` and `PORT MESSAGE`, from a person's command line.
    public init(_ arguments: [String]) {
        let messages = ["pcap", "SendMetadata", "CLI-MESSAGE-UNINSTALL"]
        port = arguments.count >= 2 && messages.contains(arguments[1]) ? arguments.first.flatMap { UInt16($0) } : nil
        isPlugin = port != nil
        words = isPlugin ? Array(arguments.dropFirst()) : arguments
    }

    /// The command line with which a person starts the program in the same way.
    public var commandLine: String {
        let program = isPlugin ? ["cf"] : ["cf-pcap-client"]
        return (program + publicWords.map(\.quotedForShell)).joined(separator: " ")
    }

    /// The words without the value of --on-file, which may hold the address of a store, or a key to it.
    private var publicWords: [String] {
        let option = "--on-file"
        let all = Array(words)
        return all.indices.map { index in
            if index > 0, all[index - 1] == option { return "…" }
            return all[index].hasPrefix(option + "=") ? option + "=…" : all[index]
        }
    }

    /// Parses the arguments. Throws UsageError with the remedy.
    public func invocation() throws(UsageError) -> Invocation {
        if let port, let message = words.first {
            switch message {
            case "SendMetadata": return .register(port: port)
            case "CLI-MESSAGE-UNINSTALL": return .uninstall
            default: return try parse(words.dropFirst())
            }
        }
        return try parse(words[...])
    }

    private func parse(_ words: ArraySlice<String>) throws(UsageError) -> Invocation {
        do {
            guard var options = try CaptureOptions.parseAsRoot(Array(words)) as? CaptureOptions else {
                return .show(HelpText.text)
            }
            if options.help { return .show(HelpText.text) }
            if options.version { return .show("cf-pcap-client \(ClientVersion.current)\n") }
            if options.installExtcap || options.uninstallExtcap { return try options.extcapLinking() }
            try options.check()
            if options.list { return .list(options) }
            return options.checksInstances ? .check(options) : .capture(options)
        } catch let error as UsageError {
            throw UsageError("\(error). \(remedy)")
        } catch {
            let isAnswer = CaptureOptions.exitCode(for: error) == .success
            if isAnswer { return .show(CaptureOptions.fullMessage(for: error)) }
            throw UsageError("\(oneLine(CaptureOptions.message(for: error))). \(remedy)")
        }
    }

    private var remedy: String { isPlugin ? "See 'cf help pcap'" : "See 'cf-pcap-client --help'" }

    private func oneLine(_ message: String) -> String {
        message.split(whereSeparator: \.isNewline).first.map { $0.hasSuffix(".") ? String($0.dropLast()) : String($0) }
            ?? "The command line cannot be understood"
    }
}
