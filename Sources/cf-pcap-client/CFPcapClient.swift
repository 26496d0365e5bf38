import Client

/// The client: it runs the agent in the instances of an app and merges what they capture.
@main
struct CFPcapClient {
    static func main() async {
        StandardDescriptors.fill()
        do {
            var arguments = try CommandLineArguments.ofProcess()
            if let request = try ExtcapRequest(arguments.words) {
                guard case .capture(let fifo, let fields) = request else { return try await Extcap.answer(request) }
                _ = try ExtcapFIFO(fifo)
                arguments = CommandLineArguments(try ExtcapRequest.arguments(of: fields, fifo: fifo))
            }
            let invocation = try arguments.invocation()
            if invocation.runsCF { try ResourceLimits.check() }
            switch invocation {
            case .capture(let options): exit(try await capture(options, arguments))
            case .list(let options): exit(await ask(Inventory.list, options, arguments))
            case .check(let options): exit(await ask(Inventory.check, options, arguments))
            case .linkExtcap(let isWanted):
                print(isWanted ? try await ExtcapLink.install() : try await ExtcapLink.uninstall())
            case .show(let text): print(text, terminator: "")
            case .register(let port): try PluginRegistration.register(port: port)
            case .uninstall: break
            }
        } catch let error as ResourceLimits.TooLow {
            error.tell()
            exit(1)
        } catch {
            let display = Display(quiet: false)
            display.error(nil, "\(error)")
            display.finish()
            exit(error is UsageError ? 2 : 1)
        }
    }

    /// Prints what there is to capture; gives the exit status. As a plugin, alone in the foreground.
    private static func ask(
        _ question: (CaptureOptions, Int32?, Display) async -> Int32, _ options: CaptureOptions,
        _ arguments: CommandLineArguments
    ) async -> Int32 {
        let display = Display(quiet: options.quiet)
        guard arguments.isPlugin else { return await question(options, nil, display) }
        let parent = ParentWatch()
        return await Foreground.held { await question(options, parent.process, display) }
    }

    /// Captures to the end; gives the exit status. As a plugin, alone in the foreground, and no longer than cf is there.
    private static func capture(_ options: CaptureOptions, _ arguments: CommandLineArguments) async throws -> Int32 {
        let display = Display(quiet: options.quiet)
        guard arguments.isPlugin else {
            return try await Capture(options, commandLine: arguments.commandLine, display: display).run()
        }
        let parent = ParentWatch()
        return try await Foreground.held {
            let capture = try await Capture(
                options, commandLine: arguments.commandLine, display: display, whileRunning: parent)
            return await capture.run(whileRunning: parent)
        }
    }
}
