/// An instance as the platform sees it.
struct Instance: Sendable, Equatable {
    /// A state that the platform tells of an instance.
    enum State: Sendable, Equatable {
        /// The platform's RUNNING, STARTING, CRASHED and DOWN.
        case running, starting, crashed, down
        /// A state that came after this client, in the platform's word.
        case other(String)

        init(_ name: String) {
            switch name {
            case "RUNNING": self = .running
            case "STARTING": self = .starting
            case "CRASHED": self = .crashed
            case "DOWN": self = .down
            default: self = .other(name)
            }
        }
    }

    /// Its name.
    let id: InstanceID
    /// Whether it runs.
    let state: State
    /// Its own identifier, another one after each start; empty where it has none.
    let guid: String
    /// The address of the cell that it runs on; empty where it has none.
    let host: String
    /// The instance's own address, which its containers see on `eth0`; empty if the platform does not tell it.
    var address = ""
    /// The platform's words on a crash; empty if there are none.
    let details: String

    /// Whether a session to it can be opened.
    var isRunning: Bool { state == .running }
}

extension Instance.State: CustomStringConvertible {
    /// The state in lower case.
    var description: String {
        switch self {
        case .running: "running"
        case .starting: "starting"
        case .crashed: "crashed"
        case .down: "down"
        case .other(let name): name.lowercased()
        }
    }
}
