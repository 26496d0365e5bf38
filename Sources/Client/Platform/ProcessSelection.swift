/// The processes that a capture takes, one of each type.
struct ProcessSelection: Sendable, Equatable {
    let processes: [API.Process]
    /// Types of which a second process exists, out of reach: while a deployment rolls, `cf ssh` opens sessions to the
    /// first one only, which the platform lists first.
    let hidden: [String]

    /// Throws where there is none to take, unless that `mayBeEmpty`: a process that is captured was scaled to 0.
    init(
        _ wanted: CaptureOptions.Processes, from all: [API.Process], of app: App, mayBeEmpty: Bool = false
    ) throws(PlatformError) {
        var (first, again): ([API.Process], [String]) = ([], [])
        for process in all where wanted.includes(process.type) {
            if first.contains(where: { $0.type == process.type }) {
                again.append(process.type)
            } else {
                first.append(process)
            }
        }
        processes = first
        hidden = again
        if mayBeEmpty { return }
        if first.isEmpty {
            let types = Set(all.map(\.type)).sorted().joined(separator: ", ")
            throw PlatformError("app '\(app.name)' has no process \(wanted), it has \(types.isEmpty ? "none" : types)")
        }
        guard first.contains(where: { $0.instances > 0 }) else {
            let type = first[0].type
            throw PlatformError(
                "process \(type) of app '\(app.name)' has no instances: 'cf scale \(app.name) --process \(type) -i 1'")
        }
    }
}

extension CaptureOptions.Processes {
    fileprivate func includes(_ type: String) -> Bool {
        switch self {
        case .named(let name): name == type
        case .all: true
        }
    }
}

extension CaptureOptions.Processes: CustomStringConvertible {
    /// The words behind `has no process` in a message.
    var description: String {
        switch self {
        case .named(let name): "'\(name)'"
        case .all: "at all"
        }
    }
}
