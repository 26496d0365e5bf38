/// The outputs of `--list` and `--check`, for people and as JSON.
enum InventoryText {
    // MARK: --list

    /// A line for each process of each app.
    static func table(_ apps: [SpaceApp]) -> String {
        let rows = apps.flatMap { app in
            let processes = app.processes.isEmpty ? [["-", "-"]] : app.processes.map { cells($0, of: app) }
            return processes.enumerated().map { number, cells in
                [number == 0 ? app.name : ""] + cells + [number == 0 ? text(app.ssh) : ""]
            }
        }
        return TextTable.lines([["APP", "PROCESS", "RUNNING", "SSH"]] + rows).joined(separator: "\n")
    }

    private static func cells(_ process: SpaceApp.Process, of app: SpaceApp) -> [String] {
        guard app.isStarted else { return [process.type, "app stopped"] }
        return [process.type, "\(process.running.map { "\($0)" } ?? "not known") of \(process.instances)"]
    }

    private static func text(_ ssh: SpaceApp.SSH) -> String {
        switch ssh {
        case .allowed: "allowed"
        case .disabled(let refusal): "\(refusal)"
        case .unknown: "not known"
        }
    }

    /// The apps, the space and the organization.
    static func json(_ apps: [SpaceApp], in target: Target) -> JSONValue {
        .object([
            "api": .text(target.api), "organization": .text(target.organization), "space": .text(target.space),
            "apps": .list(apps.map(json)),
        ])
    }

    private static func json(_ app: SpaceApp) -> JSONValue {
        let (allowed, disabledBy): (JSONValue, JSONValue) =
            switch app.ssh {
            case .allowed: (.boolean(true), .null)
            case .disabled(let refusal): (.boolean(false), .text("\(refusal.scope)"))
            case .unknown: (.null, .null)
            }
        return .object([
            "name": .text(app.name), "guid": .text(app.guid), "started": .boolean(app.isStarted),
            "ssh": .object(["allowed": allowed, "disabled_by": disabledBy]),
            "processes": .list(
                app.processes.map {
                    .object([
                        "type": .text($0.type), "instances": .integer(Int64($0.instances)),
                        "running": $0.running.map { .integer(Int64($0)) } ?? .null,
                    ])
                }),
        ])
    }

    /// The reasons why something is not known, each once, and a few at most.
    static func lines(ofProblems problems: [String]) -> [String] {
        var lines: [String] = []
        for problem in problems where !lines.contains(problem) { lines.append(problem) }
        let rest = lines.count - mostProblems
        return rest > 0 ? lines.prefix(mostProblems) + ["\(rest) more questions stayed without an answer"] : lines
    }

    private static let mostProblems = 5

    // MARK: --check

    /// A line for each instance.
    static func table(_ checks: [InstanceCheck]) -> String {
        let rows = checks.map { check in
            [
                "\(check.point)", check.version ?? "-", capability(check.hasCapability),
                check.interfaces.isEmpty ? "-" : check.interfaces.joined(separator: ","),
                check.failure.map { "no: \($0)" } ?? "yes",
            ]
        }
        let heading = ["INSTANCE", "AGENT", "CAP_NET_RAW", "INTERFACES", "CAN BE CAPTURED"]
        return TextTable.lines([heading] + rows).joined(separator: "\n")
    }

    private static func capability(_ isHeld: Bool?) -> String {
        switch isHeld {
        case true?: "held"
        case false?: "missing"
        case nil: "not known"
        }
    }

    /// The app and its instances.
    static func json(_ checks: [InstanceCheck], of app: String) -> JSONValue {
        let instances = checks.map { check in
            JSONValue.object([
                "process": .text(check.point.instance.process), "index": .integer(Int64(check.point.instance.index)),
                "interface": .text(check.point.interface),
                "agent": check.version.map(JSONValue.text) ?? .null,
                "capability": check.hasCapability.map(JSONValue.boolean) ?? .null,
                "interfaces": .list(check.interfaces.map(JSONValue.text)),
                "can_be_captured": .boolean(check.failure == nil),
                "reason": check.failure.map { .text($0.reason) } ?? .null,
                "remedy": (check.failure?.remedy).map(JSONValue.text) ?? .null,
            ])
        }
        return .object(["app": .text(app), "instances": .list(instances)])
    }
}
