import Client

/// The client: it runs the agent in the instances of an app and merges what they capture.
@main
struct CFPcapClient {
    /// Does what the command line says, and ends the process.
    ///
    /// An asynchronous `main` would end this thread at its first wait, for which a static program sorts all the tables of
    /// its unwinder: 20 ms.
    static func main() {
        StandardDescriptors.fill()
        do {
            let request = try Request()
            Task.detached {
                do {
                    exit(try await answer(request))
                } catch {
                    fail(error)
                }
            }
        } catch {
            fail(error)
        }
        while true { pause() }
    }

    /// A command line that has been read.
    private struct Request {
        /// A question of Wireshark that is no capture.
        var question: ExtcapRequest?
        var invocation = Invocation.uninstall
        var arguments: CommandLineArguments

        /// Reads this process's command line, and checks that there is room for what it asks for: before there is a second
        /// thread.
        init() throws {
            arguments = try CommandLineArguments.ofProcess()
            if let request = try ExtcapRequest(arguments.words) {
                guard case .capture(let fifo, let fields) = request else {
                    question = request
                    return
                }
                _ = try ExtcapFIFO(fifo)
                arguments = CommandLineArguments(try ExtcapRequest.arguments(of: fields, fifo: fifo))
            }
            invocation = try arguments.invocation()
            if invocation.runsCF { try ResourceLimits.check() }
        }
    }

    /// Does what a request asks for; gives the exit status.
    private static func answer(_ request: Request) async throws -> Int32 {
        if let question = request.question {
            try await Extcap.answer(question)
            return 0
        }
        switch request.invocation {
        case .capture(let options): return try await capture(options, request.arguments)
        case .list(let options): return await ask(Inventory.list, options, request.arguments)
        case .check(let options): return await ask(Inventory.check, options, request.arguments)
        case .linkExtcap(let isWanted):
            print(isWanted ? try await ExtcapLink.install() : try await ExtcapLink.uninstall())
        case .show(let text): print(text, terminator: "")
        case .register(let port): try PluginRegistration.register(port: port)
        case .uninstall: break
        }
        return 0
    }

    /// Tells of an error and ends the process.
    private static func fail(_ error: any Error) -> Never {
        if let error = error as? ResourceLimits.TooLow {
            error.tell()
        } else {
            Display.show(error)
        }
        exit(error is UsageError ? 2 : 1)
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
