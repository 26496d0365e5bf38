/// Answers the questions that capture nothing: the apps of the space (`--list`), the instances of an app (`--check`).
public enum Inventory {
    private struct Answer: Sendable {
        /// The text for standard output.
        let text: String
        /// Whether everything is known, and as it should be.
        let isWhole: Bool
        /// The reasons why something is not known, which ``text`` has no room for.
        var problems: [String] = []
    }

    /// Prints the apps of the targeted space. Returns the exit status: 0 if everything about them is known.
    public static func list(_ options: CaptureOptions, startedBy parent: Int32?, _ display: Display) async -> Int32 {
        await untilSignal(startedBy: parent, display) { cf async throws(PlatformError) in
            let apps = try await cf.apps()
            let text =
                options.json
                ? JSONText.of(InventoryText.json(apps, in: cf.target)) : "\(cf.target)\n\n\(InventoryText.table(apps))"
            return Answer(text: text, isWhole: apps.allSatisfy(\.isKnown), problems: apps.flatMap(\.problems))
        }
    }

    /// Asks the chosen instances of an app by a session each, and prints whether they can be captured. Returns the exit
    /// status: 0 if all can.
    public static func check(_ options: CaptureOptions, startedBy parent: Int32?, _ display: Display) async -> Int32 {
        await untilSignal(startedBy: parent, display) { cf async throws(PlatformError) in
            let app = try await cf.app(named: options.app)
            try await cf.requireStarted(app)
            try await cf.requireSSH(to: app)
            let instances = try await cf.instances(of: cf.processes(options.processes, of: app))
            let checks = await check(wanted(instances, options), of: app, options, cf)
            let text =
                options.json
                ? JSONText.of(InventoryText.json(checks, of: app.name)) : InventoryText.table(checks)
            return Answer(text: text, isWhole: checks.allSatisfy { $0.failure == nil } && !checks.isEmpty)
        }
    }

    /// The capture points that are asked for, those of instances that the app does not have included.
    private static func wanted(_ instances: [Instance], _ options: CaptureOptions) -> [(CapturePoint, Instance?)] {
        guard let indices = options.indices else {
            return instances.flatMap { instance in options.points(of: instance.id).map { ($0, instance) } }
        }
        let known = Dictionary(instances.map { ($0.id, $0) }) { first, _ in first }
        let processes = Set(instances.map(\.id.process)).sorted()
        return processes.flatMap { process in
            // A range may be far longer than any app has instances.
            indices.flatMap { $0.prefix(1000) }.flatMap { index in
                let id = InstanceID(process: process, index: index)
                return options.points(of: id).map { ($0, known[id]) }
            }
        }
    }

    private static func check(
        _ wanted: [(CapturePoint, Instance?)], of app: App, _ options: CaptureOptions, _ cf: CF
    ) async -> [InstanceCheck] {
        await cf.sideBySide(wanted) { point, instance in
            guard let instance else {
                let lists = "'cf app \(app.name)' lists them"
                return InstanceCheck(point, SessionFailure(.noSuchInstance, "there is no such instance", remedy: lists))
            }
            guard instance.isRunning else {
                let reason = "the instance does not run, it is \(instance.state)"
                return InstanceCheck(point, SessionFailure(.notRunning, reason))
            }
            let check = await ask(point, of: app, options, cf)
            // A capture tries such an instance again, too.
            return check.failure?.recovery == .retry ? await ask(point, of: app, options, cf) : check
        }
    }

    private static func ask(
        _ point: CapturePoint, of app: App, _ options: CaptureOptions, _ cf: CF
    ) async -> InstanceCheck {
        let notAsked = InstanceCheck(point, SessionFailure(.endedEarly, "it was not asked to the end"))
        guard !Task.isCancelled else { return notAsked }
        let command = CheckCommand(interface: point.interface, filter: options.captureFilter, snaplen: options.snaplen)
        do throws(PlatformError) {
            let output = try await cf.execute(command.text, in: point.instance, of: app, options)
            var check = InstanceCheck(point, output, of: options.request(to: point.instance, of: app, cf.route))
            if let failure = check.failure {
                guard !Task.isCancelled else { return notAsked }
                check.failure = await cf.confirmed(failure, of: app, at: point.instance)
            }
            return check
        } catch {
            return Task.isCancelled ? notAsked : InstanceCheck(point, SessionFailure(.unknown, error.description))
        }
    }

    /// Asks the platform until there is an answer, or a signal comes, and prints what is known then. Nothing is left of it
    /// either way.
    private static func untilSignal(
        startedBy parent: Int32?, _ display: Display,
        _ question: @escaping @Sendable (CF) async throws(PlatformError) -> Answer
    ) async -> Int32 {
        let signals = Signals()
        let work = Task {
            do {
                let cf = try await CF.open(startedBy: parent)
                let asking = Task { try await question(cf) }
                let result = await withTaskCancellationHandler {
                    await asking.result
                } onCancel: {
                    asking.cancel()
                }
                await cf.close()
                let answer = try result.get()
                try write(answer.text + "\n")
                guard !Task.isCancelled else { return Int32(1) }
                for problem in InventoryText.lines(ofProblems: answer.problems) { display.error(nil, problem) }
                return answer.isWhole ? 0 : 1
            } catch {
                if !Task.isCancelled { display.error(nil, "\(error)") }
                return 1
            }
        }
        let notice = Task {
            try await Task.sleep(for: timeToWaitInSilence)
            display.say("Waiting for the answers, a minute at most; ^C ends it.")
        }
        let watch = Task { for await request in signals.stream where request == .stop { work.cancel() } }
        let status = await work.value
        watch.cancel()
        notice.cancel()
        display.finish()
        return status
    }

    private static let timeToWaitInSilence = Duration.seconds(5)

    /// Writes the answer on standard output. Throws if not all of it is taken.
    private static func write(_ text: String) throws(PlatformError) {
        do {
            try FileDescriptor.standardOutput.writeAll(text.utf8)
        } catch {
            throw PlatformError("standard output does not take the answer: \(error)")
        }
    }
}
