/// An instance as the platform sees it.
public struct Instance: Sendable, Equatable {
    /// A state that the platform tells of an instance.
    public enum State: Sendable, Equatable {
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
    public let id: InstanceID
    /// Whether it runs.
    public let state: State
    /// Its own identifier, another one after each start; empty where it has none.
    public let guid: String
    /// The address of the cell that it runs on; empty where it has none.
    public let host: String
    /// The instance's own address, which its containers see on `eth0`; empty if the platform does not tell it.
    public var address = ""
    /// The platform's words on a crash; empty if there are none.
    public let details: String

    /// Whether a session to it can be opened.
    public var isRunning: Bool { state == .running }
}

extension Instance.State: CustomStringConvertible {
    /// The state in lower case.
    public var description: String {
        switch self {
        case .running: "running"
        case .starting: "starting"
        case .crashed: "crashed"
        case .down: "down"
        case .other(let name): name.lowercased()
        }
    }
}
